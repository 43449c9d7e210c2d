// AWS components: the way out of one service. A proxy of its own that alone reaches the internet, and there only the named hosts (RT-27, SP-13).
// DNS Firewall names hosts for the whole VPC, but a process that knows an address needs no DNS. Here the name decides which
// connection is made: the service's own group has no way out but to this proxy, and the proxy resolves the name itself.
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import type { Egress } from "../../workload/egress";
import { type Service, service } from "../../workload/workload";
import { ServiceAutoscaling } from "./autoscaling";
import { egressAcl, egressProxyPort } from "./egress-acl";
import { ExecutionRole } from "./execution-role";
import { FargateService } from "./fargate-service";
import { LogStream } from "./log-stream";
import { raise } from "./metric-alarm";
import { metricNamespace } from "./metrics";
import type { SaasFoundation } from "./saas-foundation";
import { taskAlarms } from "./service-alarms";
import { TaskRole } from "./task-role";

export interface EgressProxyArgs {
  /** Name in the namespace of the cluster, such as `router-poller-egress`; a DNS label. */
  proxyName: string;
  workloadName: string;
  /** Service it stands beside: its only client. */
  callerName: string;
  /** Where the client may call. */
  egress: Egress;
  foundation: SaasFoundation;
  accountId: pulumi.Input<string>;
  region: string;
  environment: string;
  /** Git commit of the release (RT-23). */
  buildSha: string;
  /** Least number of days that logs are kept (RT-23). */
  logDays: number;
  /** Wait until the tasks are healthy. */
  waitForSteadyState: boolean;
}

export class EgressProxy extends pulumi.ComponentResource {
  /** `http://` address for `HTTPS_PROXY`, known once the proxy's service is. On the wire it is TLS, by Service Connect (SA-6). */
  readonly url: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  private readonly fargate: FargateService;

  constructor(
    name: string,
    private readonly args: EgressProxyArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:EgressProxy", name, {}, options);
    const { foundation, proxyName, environment, region, accountId } = args;
    const child = { parent: this };
    const image = foundation.images.find("egress-proxy");
    const proxy = proxyService(args.callerName);

    const log = new LogStream(
      name,
      {
        logGroupName: `/palisade/${environment}/egress/${proxyName}`,
        retentionDays: args.logDays,
        keyArn: foundation.keys.arnOf("logs"),
        sink: foundation.logSink,
      },
      child,
    );
    const executionRole = new ExecutionRole(
      name,
      { region, accountId, repositoryArns: [image.repositoryArn], logGroupArns: [log.logGroupArn] },
      child,
    );
    // It calls no API of AWS.
    const taskRole = new TaskRole(name, { region, accountId, statements: [] }, child);
    this.fargate = new FargateService(
      name,
      {
        region,
        serviceName: proxyName,
        service: proxy,
        image: image.reference,
        executionRoleArn: executionRole.arn,
        taskRoleArn: taskRole.arn,
        logGroupName: log.logGroupName,
        environment: {
          EGRESS_ACL: egressAcl(args.egress),
          PALISADE_ENV: environment,
          PALISADE_WORKLOAD: args.workloadName,
          PALISADE_SERVICE: "egress-proxy",
          BUILD_SHA: args.buildSha,
        },
        healthCommand: ["/egress-proxy", "health"],
        clusterArn: foundation.cluster.arn,
        namespaceArn: foundation.cluster.namespaceArn,
        vpcId: foundation.network.vpcId,
        subnetIds: foundation.network.privateSubnetIds,
        tls: {
          authorityArn: foundation.serviceCa.arn,
          roleArn: foundation.serviceCa.roleArn,
          keyArn: foundation.keys.arnOf("secrets"),
        },
        waitForSteadyState: args.waitForSteadyState,
      },
      child,
    );
    this.openWaysOut(name);
    this.watch(name, proxy, log.logGroupName);

    // A client learns a name of the namespace when its tasks start, so the proxy's service must be there before.
    this.url = this.fargate.serviceName.apply(() => `http://${proxyName}:${egressProxyPort}`);
    this.securityGroupId = this.fargate.securityGroupId;
    this.registerOutputs({ url: this.url, securityGroupId: this.securityGroupId });
  }

  /** Lets its one client in. */
  admit(securityGroupId: pulumi.Input<string>): void {
    this.fargate.allowFrom(this.args.callerName, securityGroupId);
  }

  private openWaysOut(name: string): void {
    const { endpoints } = this.args.foundation;
    this.fargate.allowTo("internet", { cidrIpv4: "0.0.0.0/0" }, 443);
    endpoints.admit(name, this.fargate.securityGroupId);
    this.fargate.allowTo("aws-endpoints", { securityGroupId: endpoints.securityGroupId }, 443);
    this.fargate.allowTo("s3", { prefixListId: endpoints.s3PrefixListId }, 443);
  }

  private watch(name: string, proxy: Service, logGroupName: pulumi.Input<string>): void {
    const { foundation, callerName, proxyName } = this.args;
    const topicArn = foundation.alarmTopic.arn;
    const running = {
      service: proxy,
      clusterName: foundation.cluster.name,
      serviceName: this.fargate.serviceName,
      brakeArn: foundation.restartBrake.functionArn,
    };
    // It has as many tasks as it has; the brake stops it by holding its target (RT-5).
    new ServiceAutoscaling(name, { ...running, scaling: proxy.scaling }, { parent: this });
    raise(name, taskAlarms(running), topicArn, this);
    // Named after the proxy: a metric that comes from a log can have no dimension that the log does not have.
    const metricName = `egress.denied.${proxyName}`;
    new cloudwatch.LogMetricFilter(
      `${name}-denied`,
      {
        logGroupName,
        pattern: '{ $.event = "egress.denied" }',
        metricTransformation: { namespace: metricNamespace, name: metricName, value: "1", defaultValue: "0" },
      },
      { parent: this },
    );
    const denied = {
      alarmDescription: `${callerName} has tried to call a host that it may not (SP-13)`,
      namespace: metricNamespace,
      metricName,
      statistic: "Sum",
      comparisonOperator: "GreaterThanThreshold" as const,
      threshold: 0,
      period: 300,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      treatMissingData: "notBreaching" as const,
    };
    raise(name, { "denied-egress": denied }, topicArn, this);
  }
}

/** The proxy as a service of the workload model, so that it is bounded, connected and rolled out like any other. */
function proxyService(callerName: string): Service {
  return service.parse({
    description: `Lets ${callerName} call its hosts outside.`,
    image: { repository: "palisade/egress-proxy", user: 65_532 },
    ports: [{ name: "proxy", number: egressProxyPort, protocol: "tcp" }],
    health: { path: "/healthz", port: "proxy", graceSeconds: 10 },
    resources: { cpuMillicores: 250, memoryMiB: 256 },
    scaling: { minReplicas: 2, maxReplicas: 2 },
    network: { exposure: "internal", callers: [callerName] },
  });
}
