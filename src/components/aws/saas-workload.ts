// AWS components: one workload as SaaS. Its registry, secrets, databases and services, wired as its specification says (PF-1, PF-2).
import * as pulumi from "@pulumi/pulumi";
import type { Service, Workload } from "../../workload/workload";
import { ServiceAutoscaling } from "./autoscaling";
import { PostgresDatabase, type PostgresDatabaseArgs } from "./database";
import { DatabaseAlarms } from "./database-alarms";
import { ExecutionRole } from "./execution-role";
import { FargateService } from "./fargate-service";
import { LogStream } from "./log-stream";
import { Registry } from "./registry";
import type { SaasFoundation } from "./saas-foundation";
import { WorkloadSecrets } from "./secrets";
import { ServiceAlarms } from "./service-alarms";
import { connectRole, proxyPorts } from "./service-connect";
import { resolveEnvironment } from "./service-environment";
import { databaseConnect, publishMetrics } from "./statements";
import { TaskRole } from "./task-role";
import { VectorStore } from "./vector-store";

/** What a stack decides about a database; the specification decides the rest. */
export type DatabaseChoice = Pick<
  PostgresDatabaseArgs,
  "instanceClass" | "multiAz" | "deletionProtection" | "finalSnapshot" | "backupRetentionDays"
>;

export interface SaasWorkloadArgs {
  workload: Workload;
  foundation: SaasFoundation;
  environment: string;
  accountId: pulumi.Input<string>;
  region: string;
  /** Digest of each service's image (RT-1). */
  images: Record<string, string>;
  databases: { postgres: DatabaseChoice; vectors: DatabaseChoice };
  /** Days that log groups keep their events (RT-23). */
  logDays: number;
  secretRecoveryDays: number;
  /** Values of supplied secrets (SA-8). */
  supplied?: Record<string, pulumi.Input<string>>;
  /** Host name of the public service, and the order of its rule among those of the edge, 1 to 50000. */
  hostName: string;
  rulePriority: number;
  /** Origin of the frontend (SA-11). */
  frontendOrigin?: string;
  /** Git commit of the images (RT-23). */
  buildSha: string;
  /** May be thrown away with all it holds: dev only. */
  disposable: boolean;
  /** False in a local AWS: do not wait for what it cannot do; see `localGaps`. */
  awaitReality: boolean;
}

type Databases = Partial<Record<"postgres" | "vectors", PostgresDatabase>>;

export class SaasWorkload extends pulumi.ComponentResource {
  /** `https://` address of the public service, if there is one. */
  readonly url?: string;
  readonly repositories: Record<string, pulumi.Output<string>>;
  readonly services: Record<string, pulumi.Output<string>>;
  readonly databases: Record<string, pulumi.Output<string>>;

  constructor(
    private readonly component: string,
    private readonly args: SaasWorkloadArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:SaasWorkload", component, {}, options);
    const { workload, foundation } = args;
    const child = { parent: this };

    const registry = new Registry(
      component,
      {
        repositories: Object.values(workload.services).map(service => service.image.repository),
        namespace: args.environment,
        keyArn: foundation.keys.arnOf("artifacts"),
        forceDelete: args.disposable,
      },
      child,
    );
    const secrets = new WorkloadSecrets(
      component,
      {
        secrets: workload.secrets,
        keyArn: foundation.keys.arnOf("secrets"),
        accountId: args.accountId,
        recoveryWindowInDays: args.secretRecoveryDays,
        supplied: args.supplied,
      },
      child,
    );
    const databases = this.makeDatabases();
    const services = Object.fromEntries(
      Object.entries(workload.services).map(([name, service]) => [
        name,
        this.makeService(name, service, registry, secrets, databases),
      ]),
    );
    this.connect(services, databases);

    const open = Object.values(workload.services).some(service => service.network.exposure === "public");
    this.url = open ? `https://${args.hostName}` : undefined;
    this.repositories = mapEntries(workload.services, (_, s) => registry.urlOf(s.image.repository));
    this.services = mapEntries(services, (_, s) => s.serviceName);
    this.databases = mapEntries(databases, (_, d) => d.host);
    this.registerOutputs({ url: this.url, services: this.services, databases: this.databases });
  }

  private makeDatabases(): Databases {
    const { workload, foundation, databases } = this.args;
    const common = {
      vpcId: foundation.network.vpcId,
      subnetIds: foundation.network.dataSubnetIds,
      secretsKeyArn: foundation.keys.arnOf("secrets"),
      logKeyArn: foundation.keys.arnOf("logs"),
      logRetentionDays: this.args.logDays,
      sink: foundation.logSink,
      performanceInsights: true,
    };
    const child = { parent: this };
    const made: Databases = {};
    const { postgres, vectors } = workload.state;
    if (postgres) {
      const keyArn = foundation.keys.arnOf(postgres.dataClass);
      made.postgres = new PostgresDatabase(
        `${this.component}-postgres`,
        { ...common, ...postgres, ...databases.postgres, keyArn },
        child,
      );
    }
    if (vectors) {
      const keyArn = foundation.keys.arnOf(vectors.dataClass);
      const store = new VectorStore(
        `${this.component}-vectors`,
        { ...common, ...vectors, ...databases.vectors, keyArn },
        child,
      );
      made.vectors = store.database;
    }
    for (const kind of databaseKinds) {
      const [database, spec] = [made[kind], workload.state[kind]];
      if (database && spec)
        new DatabaseAlarms(
          `${this.component}-${kind}`,
          {
            identifier: database.identifier,
            instanceClass: databases[kind].instanceClass,
            storageGiB: spec.storageGiB,
            topicArn: foundation.alarmTopic.arn,
          },
          child,
        );
    }
    return made;
  }

  private makeService(
    serviceName: string,
    service: Service,
    registry: Registry,
    secrets: WorkloadSecrets,
    databases: Databases,
  ): FargateService {
    const { workload, foundation, environment, accountId, region } = this.args;
    const name = `${this.component}-${serviceName}`;
    const home = { accountId, region };
    const child = { parent: this };
    const { repository } = service.image;

    const log = new LogStream(
      name,
      {
        logGroupName: `/palisade/${environment}/${workload.name}/${serviceName}`,
        retentionDays: this.args.logDays,
        keyArn: foundation.keys.arnOf("logs"),
        sink: foundation.logSink,
      },
      child,
    );
    const secretArns = Object.fromEntries(
      Object.entries(workload.secrets)
        .filter(([, secret]) => secret.readers.includes(serviceName))
        .map(([secret]) => [secret, secrets.arnOf(secret)]),
    );
    const executionRole = new ExecutionRole(
      name,
      {
        ...home,
        repositoryArns: [registry.arnOf(repository)],
        logGroupArns: [log.logGroupArn],
        secretArns: Object.values(secretArns),
        secretKeyArns: Object.keys(secretArns).length > 0 ? [foundation.keys.arnOf("secrets")] : [],
      },
      child,
    );
    const connections = databaseKinds.flatMap(kind => {
      const database = databases[kind];
      const client = workload.state[kind]?.clients.includes(serviceName);
      return database && client ? [databaseConnect(region, accountId, database.resourceId, serviceName)] : [];
    });
    const taskRole = new TaskRole(name, { ...home, statements: [...connections, publishMetrics()] }, child);

    const fargate = new FargateService(
      name,
      {
        region,
        serviceName,
        service,
        image: pulumi.interpolate`${registry.urlOf(repository)}@${this.digestOf(serviceName)}`,
        executionRoleArn: executionRole.arn,
        taskRoleArn: taskRole.arn,
        logGroupName: log.logGroupName,
        environment: resolveEnvironment(serviceName, service, {
          environment,
          region,
          services: workload.services,
          databases,
          buildSha: this.args.buildSha,
          publicOrigin: `https://${this.args.hostName}`,
          frontendOrigin: this.args.frontendOrigin,
        }),
        secretArns,
        clusterArn: foundation.cluster.arn,
        namespaceArn: foundation.cluster.namespaceArn,
        vpcId: foundation.network.vpcId,
        subnetIds: foundation.network.privateSubnetIds,
        route:
          service.network.exposure === "public"
            ? {
                listenerArn: foundation.edge.listenerArn,
                edgeSecurityGroupId: foundation.edge.securityGroupId,
                hostNames: [this.args.hostName],
                priority: this.args.rulePriority,
              }
            : undefined,
        tls: {
          authorityArn: foundation.serviceCa.arn,
          roleArn: foundation.serviceCa.roleArn,
          keyArn: foundation.keys.arnOf("secrets"),
        },
        waitForSteadyState: this.args.awaitReality,
      },
      child,
    );
    this.watch(name, serviceName, service, fargate);
    return fargate;
  }

  /** Autoscaling and alarms of one service (SA-12). */
  private watch(name: string, serviceName: string, service: Service, fargate: FargateService): void {
    const { foundation, workload, environment } = this.args;
    const common = {
      clusterName: foundation.cluster.name,
      serviceName: fargate.serviceName,
      requests: fargate.route && {
        loadBalancerArnSuffix: foundation.edge.loadBalancerArnSuffix,
        targetGroupArnSuffix: fargate.route.targetGroupArnSuffix,
      },
      metricDimensions: { Environment: environment, Service: serviceName, Workload: workload.name },
    };
    new ServiceAutoscaling(name, { ...common, scaling: service.scaling }, { parent: this });
    new ServiceAlarms(name, { ...common, service, topicArn: foundation.alarmTopic.arn }, { parent: this });
  }

  /** Opens the hops that the specification names, each on both sides, and no other (SA-9, SA-13). */
  private connect(services: Record<string, FargateService>, databases: Databases): void {
    const { workload, foundation } = this.args;
    const { endpoints, edge } = foundation;
    for (const [name, fargate] of Object.entries(services)) {
      const service = workload.services[name];
      if (!service) continue;
      endpoints.admit(`${this.component}-${name}`, fargate.securityGroupId);
      fargate.allowTo("aws-endpoints", { securityGroupId: endpoints.securityGroupId }, 443);
      fargate.allowTo("s3", { prefixListId: endpoints.s3PrefixListId }, 443);
      for (const port of fargate.edgePorts) edge.allowTo(`${this.component}-${name}`, fargate.securityGroupId, port);
      for (const caller of service.network.callers) {
        const client = services[caller];
        if (!client || connectRole(service) !== "server") continue;
        fargate.allowFrom(caller, client.securityGroupId);
        for (const port of proxyPorts(service))
          client.allowTo(name, { securityGroupId: fargate.securityGroupId }, port);
      }
      for (const kind of databaseKinds) {
        const database = databases[kind];
        if (!database || !workload.state[kind]?.clients.includes(name)) continue;
        database.allowFrom(name, fargate.securityGroupId);
        fargate.allowTo(kind, { securityGroupId: database.securityGroupId }, 5432);
      }
    }
  }

  private digestOf(serviceName: string): string {
    const digest = this.args.images[serviceName];
    if (!digest) throw new Error(`\`images\` has no digest for service \`${serviceName}\` (RT-1)`);
    return digest;
  }
}

const databaseKinds = ["postgres", "vectors"] as const;

function mapEntries<T, R>(record: Record<string, T>, map: (key: string, value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(key, value)]));
}
