// Platform: a stack in SaaS mode. From its configuration to the arguments of components; decides nothing itself (PF-1, PF-2).
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import * as pulumi from "@pulumi/pulumi";
import { CostBudget } from "../components/aws/cost-budget";
import { requireFirewall } from "../components/aws/edge-firewall";
import { edgeHost } from "../components/aws/edge-hosts";
import { rulePriorities } from "../components/aws/edge-route";
import { endpointServices, hasGpus, hasMachine, needsDynamodb } from "../components/aws/endpoint-services";
import { machineHosts } from "../components/aws/machine-egress";
import { requireBuilt } from "../components/aws/not-built-yet";
import { createProvider, type ProviderArgs } from "../components/aws/provider";
import { SaasFoundation } from "../components/aws/saas-foundation";
import { SaasWorkload } from "../components/aws/saas-workload";
import { SecondRegion } from "../components/aws/second-region";
import type { DatabaseChoice } from "../components/aws/workload-databases";
import type { StackConfig } from "../config/load";
import { applyOverrides, databaseSettings } from "../config/overrides";
import { egressOf, union } from "../workload/egress";
import { isIpv6Range } from "../workload/egress-range";
import { hasReplica } from "../workload/hand-off";
import type { Workload } from "../workload/workload";
import { imageBuilder, requireDaemonFor } from "./image-builder";
import { clusterImages, controlPlane, eksOf, publicNodePorts } from "./saas-eks";
import { specificationOf } from "./specification";

export interface SaasOutputs {
  vpcId: pulumi.Output<string>;
  /** Name of the cluster that runs the services: of EKS, or else of ECS. */
  cluster: pulumi.Output<string>;
  /** Where DNS must point, unless the platform holds the zone; none where no workload is public. */
  edge?: pulumi.Output<string>;
  logArchive: pulumi.Output<string>;
  workloads: Record<
    string,
    Pick<SaasWorkload, "url" | "site" | "repositories" | "services" | "databases" | "machines">
  >;
}

/** Registers everything the stack has. `catalog` holds the specifications of all workloads that the stack names. */
export function saas(config: StackConfig, catalog: ReadonlyMap<string, Workload>): SaasOutputs {
  const { environment, region, edge } = config;
  const workloads = Object.entries(config.workloads).map(([name, overrides]) => ({
    overrides,
    workload: applyOverrides(specificationOf(catalog, name), overrides),
    hostName: `${name}.${edge.domain}`,
  }));
  const specifications = workloads.map(({ workload }) => workload);
  requireBuilt(specifications);
  const eks = eksOf(config, specifications);
  requireDaemonFor(config.workloads);
  const publicOnes = workloads.filter(({ workload }) => publicServices(workload).length > 0);
  const edgeHosts = publicOnes.map(({ workload, hostName, overrides }) =>
    edgeHost(workload, hostName, overrides.tenants),
  );
  requireFirewall(edgeHosts);

  const tags = { "palisade:environment": environment, "palisade:build-sha": config.release.buildSha };
  const providerArgs = { region, localEndpoint: config.localAws?.endpoint, tags };
  const provider = createProvider("aws", providerArgs);
  const publishes = workloads.some(({ workload }) => workload.frontend?.hosting === "static");
  const northVirginia = publishes
    ? createProvider("aws-us-east-1", { ...providerArgs, region: "us-east-1" })
    : undefined;
  const accountId = getCallerIdentityOutput({}, { provider }).accountId;
  const priorities = rulePriorities(workloads.map(({ hostName }) => hostName));
  const services = workloads.flatMap(({ workload }) => Object.values(workload.services));
  const common = {
    environment,
    accountId,
    region,
    disposable: environment === "dev",
    awaitReality: config.localAws === undefined || showsRealAccount(environment),
  };

  const foundation = new SaasFoundation(
    `palisade-${environment}`,
    {
      ...common,
      network: {
        cidr: config.network.cidr,
        egress: config.network.egress,
        ipv6: wantsIpv6(specifications),
        zones: config.network.zones.map(zone => ({
          name: zone.name,
          publicCidr: zone.public,
          privateCidr: zone.private,
          dataCidr: zone.data,
        })),
      },
      endpointServices: endpointServices(specifications, eks !== undefined),
      dynamodb: needsDynamodb(specifications),
      machines: eks !== undefined || specifications.some(workload => hasMachine(workload) || hasGpus(workload)),
      eks,
      tasks: eks === undefined || specifications.some(hasGpus),
      buildSha: config.release.buildSha,
      egress: union([...services.map(egressOf), ...services.map(machineHosts)]),
      retention: { ...config.retention, accessLogDays: edge.accessLogDays },
      domain: edge.domain,
      hostNames: publicOnes.map(({ hostName }) => hostName),
      hostedZoneId: edge.hostedZoneId,
      certificateArn: edge.certificateArn,
      minimumTls: minimumTls(publicOnes.map(({ workload }) => workload)),
      redirectHttp: edge.redirectHttp,
      edgeHosts,
      rateLimit: config.alarms.rateLimitPer5Minutes,
      siem: config.siem,
      alarms: { emails: config.alarms.emails, pagerEndpoint: config.alarms.pagerDuty },
      serviceCa: config.serviceCa,
      accountBaseline: config.accountBaseline,
      platformImages: config.platformImages,
    },
    { provider },
  );
  const kubernetes = controlPlane(config, foundation);
  const nodePorts = publicNodePorts(specifications);
  const secondRegion = secondRegionOf(config, accountId, providerArgs, specifications);
  if (config.budget)
    new CostBudget(
      `palisade-${environment}`,
      {
        accountId,
        monthlyUsd: config.budget.monthlyUsd,
        tag: { key: "palisade:environment", value: environment },
        topicArn: foundation.alarmTopic.arn,
      },
      { provider },
    );

  const deployed = workloads.map(({ workload, overrides, hostName }) => {
    const choice = (override: typeof overrides.postgres): DatabaseChoice => ({
      ...databaseSettings(config.database, override),
      backupRetentionDays: config.retention.backupDays,
    });
    return new SaasWorkload(
      `${workload.name}-${environment}`,
      {
        ...common,
        workload,
        foundation,
        hostName,
        rulePriority: priorities.get(hostName) ?? 0,
        images: overrides.images,
        buildImage: imageBuilder(workload.name, overrides.builds, config.localAws === undefined),
        databases: { postgres: choice(overrides.postgres), vectors: choice(overrides.vectors) },
        logDays: config.retention.logDays,
        secretRecoveryDays: config.retention.secretRecoveryDays,
        keyDeletionDays: config.retention.keyDeletionDays,
        complianceDays: config.retention.complianceDays,
        tenants: Object.keys(overrides.tenants),
        siem: config.siem,
        supplied: config.secrets[workload.name],
        frontendOrigin: overrides.frontendOrigin,
        frontendTarget: overrides.frontendTarget,
        northVirginia,
        volumeLoaders: overrides.volumeLoaders,
        release: config.release,
        tracing: config.tracing,
        secondRegion,
        approvers: overrides.approvers,
        monthlyBudgetUsd: overrides.monthlyBudgetUsd,
        nodePorts,
        kubernetes,
        clusterImages: clusterImages(config),
      },
      { provider },
    );
  });

  return {
    vpcId: foundation.network.vpcId,
    cluster: foundation.eks?.name ?? foundation.cluster.name,
    edge: foundation.edge?.dnsName,
    logArchive: foundation.logSink.bucketName,
    workloads: Object.fromEntries(
      deployed.map(({ url, site, repositories, services, databases, machines }, i) => [
        workloads[i]?.workload.name ?? "",
        { url, site, repositories, services, databases, machines },
      ]),
    ),
  };
}

/** Made only for a workload that has a copy there: its provider is a process of its own, in every preview (CP-12). */
function secondRegionOf(
  { secondRegion: region, environment, alarms, retention }: StackConfig,
  accountId: pulumi.Output<string>,
  providerArgs: ProviderArgs,
  workloads: readonly Workload[],
): SecondRegion | undefined {
  if (region === undefined || !workloads.some(hasReplica)) return undefined;
  return new SecondRegion(
    `palisade-${environment}-second`,
    {
      region,
      environment,
      accountId,
      keyDeletionDays: retention.keyDeletionDays,
      emails: alarms.emails,
      pagerEndpoint: alarms.pagerDuty,
    },
    createProvider("aws-second", { ...providerArgs, region }),
  );
}

/** A preview of staging or prod against a local AWS shows what an account will get, gaps of the local AWS included. */
function showsRealAccount(environment: string): boolean {
  return environment !== "dev" && pulumi.runtime.isDryRun();
}

function publicServices(workload: Workload) {
  return Object.values(workload.services).filter(service => service.network.exposure === "public");
}

/** A second address family, with its routes, is there where somebody has a use for it (CP-7). */
function wantsIpv6(workloads: readonly Workload[]): boolean {
  return workloads.some(({ services }) =>
    Object.values(services).some(({ network }) => network.egressRanges.some(isIpv6Range)),
  );
}

/** The edge is shared, so the strictest of its workloads decides (SA-6, SP-5). */
function minimumTls(workloads: readonly Workload[]): "1.2" | "1.3" {
  const versions = workloads.flatMap(publicServices).map(service => service.network.minimumTls);
  return versions.includes("1.3") ? "1.3" : "1.2";
}
