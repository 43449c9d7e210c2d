// Platform: a stack in SaaS mode. From its configuration to the arguments of components; decides nothing itself (PF-1, PF-2).
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import * as pulumi from "@pulumi/pulumi";
import { CostBudget } from "../components/aws/cost-budget";
import { rulePriorities } from "../components/aws/edge-route";
import { requireBuilt } from "../components/aws/not-built-yet";
import { createProvider, type ProviderArgs } from "../components/aws/provider";
import { SaasFoundation } from "../components/aws/saas-foundation";
import { SaasWorkload } from "../components/aws/saas-workload";
import { SecondRegion } from "../components/aws/second-region";
import type { DatabaseChoice } from "../components/aws/workload-databases";
import { endpointsOf } from "../components/aws/workload-endpoints";
import type { StackConfig } from "../config/load";
import { applyOverrides, databaseSettings } from "../config/overrides";
import { hasReplica } from "../workload/hand-off";
import type { Workload } from "../workload/workload";

export interface SaasOutputs {
  vpcId: pulumi.Output<string>;
  cluster: pulumi.Output<string>;
  /** Where DNS must point, unless the platform holds the zone. */
  edge: pulumi.Output<string>;
  logArchive: pulumi.Output<string>;
  workloads: Record<string, Pick<SaasWorkload, "url" | "repositories" | "services" | "databases">>;
}

/** Registers everything the stack has. `catalog` holds the specifications of all workloads that the stack names. */
export function saas(config: StackConfig, catalog: ReadonlyMap<string, Workload>): SaasOutputs {
  const { environment, region, edge } = config;
  const workloads = Object.entries(config.workloads).map(([name, overrides]) => ({
    overrides,
    workload: applyOverrides(specification(catalog, name), overrides),
    hostName: `${name}.${edge.domain}`,
  }));
  for (const { workload } of workloads) requireBuilt(workload);

  const providerArgs = {
    region,
    localEndpoint: config.localAws?.endpoint,
    tags: { "palisade:environment": environment, "palisade:build-sha": config.release.buildSha },
  };
  const provider = createProvider("aws", providerArgs);
  const accountId = getCallerIdentityOutput({}, { provider }).accountId;
  const publicOnes = workloads.filter(({ workload }) => publicServices(workload).length > 0);
  const priorities = rulePriorities(workloads.map(({ hostName }) => hostName));
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
        zones: config.network.zones.map(zone => ({
          name: zone.name,
          publicCidr: zone.public,
          privateCidr: zone.private,
          dataCidr: zone.data,
        })),
      },
      retention: { ...config.retention, accessLogDays: edge.accessLogDays },
      domain: edge.domain,
      hostNames: publicOnes.map(({ hostName }) => hostName),
      hostedZoneId: edge.hostedZoneId,
      certificateArn: edge.certificateArn,
      minimumTls: minimumTls(publicOnes.map(({ workload }) => workload)),
      rateLimit: config.alarms.rateLimitPer5Minutes,
      siem: config.siem,
      alarms: { emails: config.alarms.emails, pagerEndpoint: config.alarms.pagerDuty },
      serviceCa: config.serviceCa,
      platformImages: config.platformImages,
      endpointServices: endpointsOf(workloads.map(({ workload }) => workload)),
    },
    { provider },
  );
  const secondRegion = secondRegionOf(
    config,
    accountId,
    providerArgs,
    workloads.map(({ workload }) => workload),
  );
  if (config.monthlyBudgetUsd !== undefined)
    new CostBudget(
      `palisade-${environment}`,
      {
        accountId,
        monthlyUsd: config.monthlyBudgetUsd,
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
        databases: { postgres: choice(overrides.postgres), vectors: choice(overrides.vectors) },
        logDays: config.retention.logDays,
        secretRecoveryDays: config.retention.secretRecoveryDays,
        supplied: config.secrets[workload.name],
        frontendOrigin: overrides.frontendOrigin,
        secondRegion,
        approvers: overrides.approvers,
        monthlyBudgetUsd: overrides.monthlyBudgetUsd,
        buildSha: config.release.buildSha,
      },
      { provider },
    );
  });

  return {
    vpcId: foundation.network.vpcId,
    cluster: foundation.cluster.name,
    edge: foundation.edge.dnsName,
    logArchive: foundation.logSink.bucketName,
    workloads: Object.fromEntries(
      deployed.map(({ url, repositories, services, databases }, i) => [
        workloads[i]?.workload.name ?? "",
        { url, repositories, services, databases },
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

function specification(catalog: ReadonlyMap<string, Workload>, name: string): Workload {
  const workload = catalog.get(name);
  if (!workload)
    throw new Error(`no workload \`${name}\` in the catalogue; there are ${[...catalog.keys()].join(", ")}`);
  return workload;
}

function publicServices(workload: Workload) {
  return Object.values(workload.services).filter(service => service.network.exposure === "public");
}

/** The edge is shared, so the strictest of its workloads decides (SA-6, SP-5). */
function minimumTls(workloads: readonly Workload[]): "1.2" | "1.3" {
  const versions = workloads.flatMap(publicServices).map(service => service.network.minimumTls);
  return versions.includes("1.3") ? "1.3" : "1.2";
}
