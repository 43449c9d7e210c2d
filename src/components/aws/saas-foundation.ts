// AWS components: what all workloads of one environment share. Keys, log sink, network, edge, cluster, alarms (PF-2).
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import { AlarmTopic } from "./alarm-topic";
import { Cluster } from "./cluster";
import { Edge } from "./edge";
import { DataKeys } from "./keys";
import { LogSink } from "./log-sink";
import { Network, type NetworkArgs } from "./network";
import { type PlatformImageName, PlatformImages } from "./platform-images";
import { SecureBucket } from "./secure-bucket";
import { ServiceCertificateAuthority } from "./service-ca";
import { fargateServices, VpcEndpoints } from "./vpc-endpoints";

export interface SaasFoundationArgs {
  /** Such as `staging`; part of fixed names and of key aliases. */
  environment: string;
  accountId: pulumi.Input<string>;
  region: string;
  network: Pick<NetworkArgs, "cidr" | "zones" | "egress">;
  /** Days, each: see the components that take them. */
  retention: { logDays: number; objectLockDays: number; keyDeletionDays: number; accessLogDays: number };
  /** Host name below which every public workload has its own; `hostNames` are those in use. */
  domain: string;
  hostNames: string[];
  /** Zone that holds `domain`. Without zone and certificate the platform makes the zone; its parent must delegate to it. */
  hostedZoneId?: string;
  certificateArn?: string;
  minimumTls?: "1.2" | "1.3";
  /** Requests of one client address in five minutes. */
  rateLimit: number;
  siem?: { url: string; accessKey: pulumi.Input<string> };
  alarms: { emails: string[]; pagerEndpoint?: pulumi.Input<string> };
  /** Interface endpoints besides those every task needs, such as `sqs`; see `endpointsOf`. Default none (SP-13). */
  endpointServices?: readonly string[];
  serviceCa: { arn?: string; validityYears: number };
  /** Digests of the platform's own helpers that the workloads need (RT-1). */
  platformImages: Partial<Record<PlatformImageName, string>>;
  /** May be thrown away with all it holds: dev only. */
  disposable: boolean;
  /** False in a local AWS: do not wait for what it cannot do; see `localGaps`. */
  awaitReality: boolean;
}

export class SaasFoundation extends pulumi.ComponentResource {
  readonly keys: DataKeys;
  readonly logSink: LogSink;
  readonly network: Network;
  readonly endpoints: VpcEndpoints;
  readonly cluster: Cluster;
  readonly serviceCa: ServiceCertificateAuthority;
  readonly images: PlatformImages;
  readonly alarmTopic: AlarmTopic;
  readonly edge: Edge;

  constructor(name: string, args: SaasFoundationArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:SaasFoundation", name, {}, options);
    const { environment, accountId, region, retention } = args;
    const home = { accountId, region };
    const child = { parent: this };

    this.keys = new DataKeys(name, { ...home, environment, deletionWindowDays: retention.keyDeletionDays }, child);
    const logsKeyArn = this.keys.arnOf("logs");
    const secretsKeyArn = this.keys.arnOf("secrets");

    this.logSink = new LogSink(
      `${name}-logs`,
      {
        ...home,
        keyArn: logsKeyArn,
        retentionDays: retention.objectLockDays,
        lockMode: args.disposable ? "GOVERNANCE" : "COMPLIANCE",
        siem: args.siem,
        forceDestroy: args.disposable,
      },
      child,
    );
    this.network = new Network(
      name,
      { ...home, ...args.network, flowLogRetentionDays: retention.logDays, logsKeyArn, sink: this.logSink },
      child,
    );
    this.endpoints = new VpcEndpoints(
      `${name}-endpoints`,
      {
        ...home,
        vpcId: this.network.vpcId,
        subnetIds: this.network.privateSubnetIds,
        routeTableIds: this.network.privateRouteTableIds,
        services: [...fargateServices, ...(args.endpointServices ?? [])],
      },
      child,
    );
    this.cluster = new Cluster(name, {}, child);
    this.serviceCa = new ServiceCertificateAuthority(
      `${name}-service-ca`,
      {
        ...home,
        secretsKeyArn,
        validityYears: args.serviceCa.validityYears,
        ...(args.serviceCa.arn
          ? { authorityArn: args.serviceCa.arn }
          : { commonName: `Palisade ${environment} services` }),
      },
      child,
    );
    this.images = new PlatformImages(
      `${name}-images`,
      {
        digests: args.platformImages,
        namespace: environment,
        keyArn: this.keys.arnOf("artifacts"),
        forceDelete: args.disposable,
      },
      child,
    );
    this.alarmTopic = new AlarmTopic(`${name}-alarms`, { ...home, ...args.alarms, keyArn: logsKeyArn }, child);
    this.edge = this.makeEdge(name, args, logsKeyArn);
    this.registerOutputs({ vpcId: this.network.vpcId, edge: this.edge.dnsName, cluster: this.cluster.name });
  }

  private makeEdge(name: string, args: SaasFoundationArgs, logKeyArn: pulumi.Output<string>): Edge {
    const accessLogs = new SecureBucket(
      `${name}-access-logs`,
      {
        expirationDays: args.retention.accessLogDays,
        noncurrentDays: 1,
        statements: bucketArn => [accessLogDelivery(bucketArn, args)],
        forceDestroy: args.disposable,
      },
      { parent: this },
    );
    const { certificateArn, domain } = args;
    const hostedZoneId =
      args.hostedZoneId ??
      (certificateArn
        ? undefined
        : new route53.Zone(name, { name: domain, forceDestroy: args.disposable }, { parent: this }).zoneId);
    return new Edge(
      `${name}-edge`,
      {
        vpcId: this.network.vpcId,
        subnetIds: this.network.publicSubnetIds,
        hostNames: args.hostNames,
        certificateArn,
        hostedZoneId,
        validateCertificate: args.awaitReality,
        minimumTls: args.minimumTls,
        deletionProtection: !args.disposable,
        accessLogBucket: accessLogs.name,
        firewall: {
          rateLimit: args.rateLimit,
          logKeyArn,
          logRetentionDays: args.retention.logDays,
          sink: this.logSink,
        },
      },
      // Elastic Load Balancing writes a test object at once, so the policy must stand; the lifecycle rules may come later.
      { parent: this, dependsOn: [...accessLogs.protection] },
    );
  }
}

/** What Elastic Load Balancing does in the bucket of its access logs, for load balancers of this account. */
function accessLogDelivery(bucketArn: pulumi.Output<string>, { accountId, region }: SaasFoundationArgs) {
  return {
    Sid: "AccessLogDelivery",
    Effect: "Allow" as const,
    Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
    Action: "s3:PutObject",
    Resource: pulumi.interpolate`${bucketArn}/AWSLogs/${accountId}/*`,
    Condition: {
      ArnLike: {
        "aws:SourceArn": pulumi.interpolate`arn:aws:elasticloadbalancing:${region}:${accountId}:loadbalancer/*`,
      },
    },
  };
}
