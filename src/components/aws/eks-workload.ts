// AWS components: the pods of one workload in EKS: the very objects of every other cluster, with AWS's addresses in them (PF-1, SA-3).
import * as pulumi from "@pulumi/pulumi";
import type { ClusterHome, ClusterImageName } from "../kubernetes/cluster-home";
import { ClusterWorkload } from "../kubernetes/cluster-workload";
import { variableSecret, variableSecretKey } from "../kubernetes/names";
import type { SecretPlan } from "../kubernetes/secret-plan";
import { type WorkloadObjects, workloadObjects } from "../kubernetes/workload-objects";
import type { EksEnvironment } from "./eks-environment";
import { eksHome } from "./eks-home";
import { podServices } from "./eks-node-size";
import { partsOf, substitute } from "./eks-objects";
import type { EksServices, EksSupplies } from "./eks-services";
import type { SaasWorkloadArgs } from "./saas-workload-args";
import { imageDigest } from "./workload-services";

/** Not a component: what it registers belongs to the workload. */
export class EksWorkload {
  /** Everything that goes to the cluster; outputs of the engine are in it. */
  readonly contents: WorkloadObjects;
  private readonly home: ClusterHome;
  /** What the images' texts stand for. */
  private readonly images = new Map<string, pulumi.Output<string>>();

  constructor(
    component: string,
    private readonly args: SaasWorkloadArgs,
    private readonly services: EksServices,
    private readonly supplies: EksSupplies,
    parent: pulumi.Resource,
  ) {
    const { foundation, workload, environment, region, release, logDays, complianceDays, tracing } = args;
    const { network, eks } = foundation;
    if (!eks) throw new Error("`foundation` has no cluster of EKS");
    this.home = eksHome({
      workload,
      environment,
      region,
      buildSha: release.buildSha,
      images: this.serviceImages(parent),
      helpers: this.helperImages(),
      hostName: args.hostName,
      frontendOrigin: args.frontendOrigin,
      ranges: { vpc: network.cidr, private: network.ranges.private, services: eks.serviceRange },
      retention: { logDays, complianceDays },
      // To the collector's own output, and so to its log group; a cluster's collector knows no exporter of AWS.
      tracing: { samplePercent: tracing.samplePercent },
    });
    const { objects, secrets } = workloadObjects(this.home, [
      { partsFor: name => services.parts[name] ?? {}, objects: [...services.objects] },
    ]);
    const own = services.objects.length;
    services.addHelpers(partsOf(objects));
    const policies = services.objects.slice(own);
    this.contents = {
      objects: substitute([...objects, ...policies], this.images),
      secrets: secrets.map(plan => withValueOfAws(plan, this.managedSecrets())),
    };
    if (args.kubernetes) this.apply(component, args.kubernetes, eks, parent);
  }

  private apply(
    component: string,
    { provider, foundation }: NonNullable<SaasWorkloadArgs["kubernetes"]>,
    eks: EksEnvironment,
    parent: pulumi.Resource,
  ): void {
    const { home, contents } = this;
    new ClusterWorkload(
      component,
      {
        ...{ home, foundation, contents, supplied: this.values() },
        // A pod gets its identity when it starts, or never; and nodes do not go while it runs.
        beforePods: [...Object.values(this.services.computes), eks],
      },
      // Definitions of a stand-in cluster come before what they define.
      { parent, provider, dependsOn: [foundation] },
    );
  }

  /** Repository and digest, of which only the latter is known before the registry is there. */
  private serviceImages(parent: pulumi.Resource): Record<string, string> {
    return Object.fromEntries(
      podServices(this.args.workload).map(([name, service]) => {
        const digest = imageDigest(name, service, this.args, this.supplies, parent);
        const { repository } = service.image;
        // A build has its digest later; until then its name stands for it.
        const known =
          typeof digest === "string" ? digest : `sha256:${Buffer.from(name).toString("hex").padEnd(64, "0")}`;
        return [name, this.stand(`${repository}@${known}`, pulumi.interpolate`${this.urlOf(repository)}@${digest}`)];
      }),
    );
  }

  private urlOf(repository: string): pulumi.Output<string> {
    return this.supplies.registry.urlOf(repository);
  }

  private helperImages(): ClusterHome["helpers"] {
    const digests = Object.entries(this.args.clusterImages ?? {}) as [ClusterImageName & HelperImage, string][];
    return Object.fromEntries(
      digests.map(([name, digest]) => [
        name,
        this.stand(`palisade/${name}@${digest}`, this.args.foundation.images.find(name).reference),
      ]),
    );
  }

  private stand(text: string, image: pulumi.Output<string>): string {
    this.images.set(text, image);
    return text;
  }

  /** Secrets that Secrets Manager holds as well: one value, in both. */
  private managedSecrets(): string[] {
    return Object.entries(this.home.workload.secrets)
      .filter(([, { source }]) => source === "generated")
      .map(([variable]) => variable);
  }

  private values(): Record<string, pulumi.Input<string>> {
    const generated = this.managedSecrets().flatMap(variable => {
      const value = this.supplies.secrets.generatedValue(variable);
      return value ? [[variable, value] as const] : [];
    });
    return { ...this.args.supplied, ...Object.fromEntries(generated) };
  }
}

/** Helpers whose images both computes have repositories for. */
export type HelperImage = "egress-proxy" | "collector" | "workload-guard";

/** What Secrets Manager was given is not made a second time, with another value. */
function withValueOfAws(plan: SecretPlan, variables: readonly string[]): SecretPlan {
  const variable = variables.find(name => variableSecret(name) === plan.name);
  if (variable === undefined) return plan;
  const source = { kind: "supplied" as const, variable, description: "Held in Secrets Manager as well." };
  return { ...plan, keys: { ...plan.keys, [variableSecretKey]: source } };
}
