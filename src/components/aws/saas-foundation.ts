// AWS components: what all workloads of one environment share. Keys, log sink, network, edge, cluster, alarms (PF-2).
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import type { Egress } from "../../workload/egress";
import { AccountBaseline, type AccountBaselineParts, baselineKeyStatements, findingSources } from "./account-baseline";
import { AlarmTopic } from "./alarm-topic";
import { Cluster } from "./cluster";
import { DnsFirewall } from "./dns-firewall";
import { Edge } from "./edge";
import type { EdgeHost } from "./edge-hosts";
import { addonRegistries } from "./eks-endpoints";
import { type EksChoice, EksEnvironment } from "./eks-environment";
import { DataKeys } from "./keys";
import { LogSink } from "./log-sink";
import { Network, type NetworkArgs } from "./network";
import { type PlatformImageName, PlatformImages } from "./platform-images";
import { RestartBrake } from "./restart-brake";
import { SecureBucket } from "./secure-bucket";
import { ServiceCertificateAuthority } from "./service-ca";
import { VpcEndpoints } from "./vpc-endpoints";

export interface SaasFoundationArgs {
  /** Such as `staging`; part of fixed names and of key aliases. */
  environment: string;
  /** Git commit of the release (RT-23). */
  buildSha: string;
  accountId: pulumi.Input<string>;
  region: string;
  network: Pick<NetworkArgs, "cidr" | "zones" | "egress" | "ipv6">;
  /** Services with an interface endpoint, see `endpointServices`; default what Fargate needs. */
  endpointServices?: readonly string[];
  /** Whether workloads call DynamoDB, through its gateway endpoint; default false. */
  dynamodb?: boolean;
  /** Whether workloads have machines, whose disks a key must admit; default false (CP-1). */
  machines?: boolean;
  /** Hosts outside that the workloads may call, all together (RT-27, SP-13). */
  egress: Egress;
  /** Days, each: see the components that take them. */
  retention: { logDays: number; objectLockDays: number; keyDeletionDays: number; accessLogDays: number };
  /** Host name below which every public workload has its own; `hostNames` are those in use: without one, no edge is made. */
  domain: string;
  hostNames: string[];
  /** Zone that holds `domain`. Without zone and certificate the platform makes the zone; its parent must delegate to it. */
  hostedZoneId?: string;
  certificateArn?: string;
  minimumTls?: "1.2" | "1.3";
  /** Answer on port 80 with a redirect; default false (SP-12). */
  redirectHttp?: boolean;
  /** Hosts among `hostNames` with tenants or large bodies (SP-9); default none. */
  edgeHosts?: EdgeHost[];
  /** Requests of one client address in five minutes. */
  rateLimit: number;
  siem?: { url: string; accessKey: pulumi.Input<string> };
  alarms: { emails: string[]; pagerEndpoint?: pulumi.Input<string> };
  serviceCa: { arn?: string; validityYears: number };
  /** What watches the account and is made here (PF-2). */
  accountBaseline: AccountBaselineParts;
  /** Digests of the platform's own helpers that the workloads need (RT-1). */
  platformImages: Partial<Record<PlatformImageName, string>>;
  /** What runs the services as pods; left out: ECS runs them as tasks (PF-1). */
  eks?: EksChoice;
  /** Whether services run as tasks of ECS, which need certificates of the platform's authority (SA-6); default true. */
  tasks?: boolean;
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
  /** What runs the services as pods, if ECS does not run them as tasks. */
  readonly eks?: EksEnvironment;
  readonly images: PlatformImages;
  readonly alarmTopic: AlarmTopic;
  /** None where no workload is public: the internet then reaches nothing (SA-9). */
  readonly edge?: Edge;
  /** Public hosted zone of the domain; none where the stack brings a certificate and keeps DNS to itself. */
  readonly hostedZoneId?: pulumi.Input<string>;
  private readonly ofTasks: { serviceCa?: ServiceCertificateAuthority; restartBrake?: RestartBrake } = {};

  constructor(name: string, args: SaasFoundationArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:SaasFoundation", name, {}, options);
    const { environment, accountId, region, retention } = args;
    const home = { accountId, region };
    const child = { parent: this };

    const baseline = { ...home, parts: args.accountBaseline };
    const statements = { logs: baselineKeyStatements(`${name}-account`, baseline) };
    const deletionWindowDays = retention.keyDeletionDays;
    this.keys = new DataKeys(
      name,
      { ...home, environment, deletionWindowDays, statements, machineDisks: args.machines },
      child,
    );
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
        services: args.endpointServices,
        dynamodb: args.dynamodb,
        trustedAccountIds: args.eks && addonRegistries(region),
      },
      child,
    );
    const log = (suffix: string) => ({
      logGroupName: `/palisade/${name}/${suffix}`,
      retentionDays: retention.logDays,
      keyArn: logsKeyArn,
      sink: this.logSink,
    });
    new DnsFirewall(
      `${name}-dns`,
      {
        vpcId: this.network.vpcId,
        region,
        egress: args.egress,
        kubernetes: args.eks !== undefined,
        log: log("dns-queries"),
      },
      child,
    );
    this.cluster = new Cluster(name, {}, child);
    if (args.tasks ?? true)
      this.ofTasks.serviceCa = new ServiceCertificateAuthority(
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
    if (args.eks)
      this.eks = new EksEnvironment(
        name,
        {
          ...args.eks,
          ...home,
          environment,
          vpcId: this.network.vpcId,
          subnetIds: this.network.privateSubnetIds,
          endpoints: this.endpoints,
          secretsKeyArn,
          diskKeyArn: this.keys.arnOf("artifacts"),
          log: { retentionDays: retention.logDays, keyArn: logsKeyArn, sink: this.logSink },
          deletionProtection: !args.disposable,
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
    const findings = findingSources(args.accountBaseline).length > 0;
    this.alarmTopic = new AlarmTopic(
      `${name}-alarms`,
      { ...home, ...args.alarms, keyArn: logsKeyArn, findings },
      child,
    );
    if (Object.values(args.accountBaseline).includes(true))
      new AccountBaseline(
        `${name}-account`,
        {
          ...baseline,
          keyArn: logsKeyArn,
          retentionDays: retention.objectLockDays,
          lockMode: args.disposable ? "GOVERNANCE" : "COMPLIANCE",
          logDays: retention.logDays,
          sink: this.logSink,
          forceDestroy: args.disposable,
          topicArn: this.alarmTopic.arn,
        },
        child,
      );
    this.hostedZoneId = this.zone(name, args);
    // Pods have a guard of their own (RT-5).
    if (!args.eks)
      this.ofTasks.restartBrake = new RestartBrake(
        `${name}-restart-brake`,
        {
          ...home,
          clusterName: this.cluster.name,
          clusterArn: this.cluster.arn,
          environment,
          buildSha: args.buildSha,
          keyArn: this.keys.arnOf("artifacts"),
          log: log("restart-brake"),
          topicArn: this.alarmTopic.arn,
        },
        child,
      );
    if (args.hostNames.length > 0) this.edge = this.makeEdge(name, args, logsKeyArn);
    this.registerOutputs({ vpcId: this.network.vpcId, edge: this.edge?.dnsName, cluster: this.cluster.name });
  }

  /** @throws Error where no service runs as a task. */
  get serviceCa(): ServiceCertificateAuthority {
    return required("serviceCa", this.ofTasks.serviceCa);
  }

  /** @throws Error where services run as pods. */
  get restartBrake(): RestartBrake {
    return required("restartBrake", this.ofTasks.restartBrake);
  }

  private zone(name: string, { hostedZoneId, certificateArn, domain, disposable }: SaasFoundationArgs) {
    if (hostedZoneId || certificateArn) return hostedZoneId;
    return new route53.Zone(name, { name: domain, forceDestroy: disposable }, { parent: this }).zoneId;
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
    return new Edge(
      `${name}-edge`,
      {
        vpcId: this.network.vpcId,
        subnetIds: this.network.publicSubnetIds,
        hostNames: args.hostNames,
        certificateArn: args.certificateArn,
        hostedZoneId: this.hostedZoneId,
        validateCertificate: args.awaitReality,
        minimumTls: args.minimumTls,
        redirectHttp: args.redirectHttp,
        deletionProtection: !args.disposable,
        accessLogBucket: accessLogs.name,
        firewall: {
          rateLimit: args.rateLimit,
          hosts: args.edgeHosts,
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

function required<T>(name: string, part: T | undefined): T {
  if (part === undefined) throw new Error(`the foundation has no \`${name}\`: it runs no services as tasks of ECS`);
  return part;
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
