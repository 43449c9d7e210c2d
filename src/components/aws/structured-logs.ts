// AWS components: the logs of declared fields that a workload's services write: their router, their groups, the archive of compliance records (SP-8, SP-14, SP-15).
import * as pulumi from "@pulumi/pulumi";
import type { Service, Workload } from "../../workload/workload";
import { ComplianceArchive, type ComplianceArchiveArgs } from "./compliance-archive";
import { logRouter } from "./log-router";
import type { LogRoute, LogRoutes } from "./log-routes";
import { type LogDestinations, LogStream } from "./log-stream";
import type { PlatformImages } from "./platform-images";
import type { ServiceContributor, ServiceParts } from "./service-parts";
import { type TenantLog, tenantLogPrefix } from "./tenant-logs";

export interface StructuredLogsArgs extends Omit<ComplianceArchiveArgs, "retentionDays"> {
  environment: string;
  workload: Workload;
  /** Ids of the tenants, of a workload that has some. */
  tenants: string[];
  /** Has the image of the router, `log-shipper`. */
  images: Pick<PlatformImages, "find">;
  /** Least number of days that log groups keep their events (RT-23). */
  logDays: number;
  /** Days the archive of compliance records keeps them (SP-14). */
  complianceDays: number;
  /** Sink of all other logs. */
  sink: LogDestinations;
}

export class StructuredLogs extends pulumi.ComponentResource implements ServiceContributor {
  /** Name of the archive's bucket, of a workload with a compliance log. */
  readonly archive?: pulumi.Output<string>;
  /** Where each log of a tenant goes besides its group. */
  readonly tenantSinks: Partial<Record<TenantLog, LogDestinations>>;

  constructor(
    component: string,
    private readonly args: StructuredLogsArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:StructuredLogs", component, {}, options);
    const { accountId, region, keyArn, siem, disposable, topicArn, complianceDays, logDays } = args;
    const witnesses = Object.entries(args.workload.services).filter(([, service]) => fieldsOf(service, "compliance"));
    const archive =
      witnesses.length > 0
        ? new ComplianceArchive(
            `${component}-compliance`,
            { accountId, region, keyArn, siem, disposable, topicArn, retentionDays: complianceDays },
            { parent: this },
          )
        : undefined;
    // A record that names no tenant of the stack is evidence all the same.
    for (const [name] of witnesses)
      new LogStream(
        `${component}-${name}-compliance`,
        { logGroupName: this.group(name, "compliance"), retentionDays: logDays, keyArn, sink: archive },
        { parent: this },
      );
    this.archive = archive?.bucketName;
    this.tenantSinks = { application: args.sink, ...(archive && { compliance: archive }) };
    this.registerOutputs({ archive: this.archive });
  }

  /** A router beside the process, for a service with declared logs. */
  partsFor(serviceName: string): ServiceParts {
    const service = this.args.workload.services[serviceName];
    if (!service?.logs.some(log => log.fields)) return {};
    const { accountId, region, images } = this.args;
    const { reference, repositoryArn } = images.find("log-shipper");
    const routes = this.routes(serviceName, service);
    const groups = [...new Set(Object.values(routes.routes).map(({ group }) => group))];
    const writable = [...groups, ...(routes.tenants ? [`${routes.tenants.prefix}/*`] : [])];
    return {
      sidecars: [logRouter(reference, routes)],
      repositoryArns: [repositoryArn],
      statements: [
        {
          Effect: "Allow",
          Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
          Resource: writable.map(group => pulumi.interpolate`arn:aws:logs:${region}:${accountId}:log-group:${group}:*`),
        },
      ],
    };
  }

  private routes(serviceName: string, service: Service): LogRoutes {
    const { region, environment, workload, tenants } = this.args;
    const group = this.group(serviceName);
    const telemetry = fieldsOf(service, "telemetry");
    const compliance = fieldsOf(service, "compliance");
    const application: LogRoute = { group, fields: fieldsOf(service, "application") };
    return {
      region,
      routes: {
        // A memory-only service without an application log keeps no more of a stray line than that there was one.
        application: service.memoryOnly ? { ...application, fields: application.fields ?? {} } : application,
        ...(telemetry && { telemetry: { group, fields: telemetry, strict: true } }),
        ...(compliance && {
          compliance: { group: this.group(serviceName, "compliance"), fields: compliance, complete: true },
        }),
      },
      ...(workload.tenancy && {
        tenants: {
          claim: workload.tenancy.claim,
          ids: tenants,
          prefix: tenantLogPrefix(environment, workload.name),
          kinds: Object.keys(this.tenantSinks),
        },
      }),
    };
  }

  private group(serviceName: string, log?: string): string {
    const { environment, workload } = this.args;
    return [`/palisade/${environment}/${workload.name}/${serviceName}`, ...(log ? [log] : [])].join("/");
  }
}

/** Declared fields of a log on standard output. */
function fieldsOf(service: Service, kind: Service["logs"][number]["kind"]) {
  return service.logs.find(log => log.kind === kind && !log.file)?.fields;
}
