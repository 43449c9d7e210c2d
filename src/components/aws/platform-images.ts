// AWS components: the images of the platform's own helpers beside the workloads, each from a repository of this account and by digest (RT-1, RT-10).
import * as pulumi from "@pulumi/pulumi";
import { Registry, type RegistryArgs } from "./registry";

/**
 * Helpers, by the name their repository has below `palisade/`: the log shipper (Fluent Bit), the telemetry collector
 * (AWS Distro for OpenTelemetry), the egress proxy (`images/egress-proxy`); and in a cluster of EKS the collector
 * (OpenTelemetry's) and the workload guard (`images/workload-guard`).
 */
const platformImageNames = [
  "log-shipper",
  "telemetry-collector",
  "egress-proxy",
  "collector",
  "workload-guard",
] as const;
export type PlatformImageName = (typeof platformImageNames)[number];

export interface PlatformImagesArgs extends Pick<RegistryArgs, "namespace" | "keyArn" | "forceDelete"> {
  /** Digest of each helper that a workload of the stack needs. */
  digests: Partial<Record<PlatformImageName, string>>;
}

export class PlatformImages extends pulumi.ComponentResource {
  private readonly registry?: Registry;
  private readonly digests: PlatformImagesArgs["digests"];

  constructor(name: string, { digests, ...args }: PlatformImagesArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:PlatformImages", name, {}, options);
    this.digests = digests;
    const repositories = platformImageNames.filter(image => digests[image]).map(repositoryOf);
    if (repositories.length > 0) this.registry = new Registry(name, { ...args, repositories }, { parent: this });
    this.registerOutputs({});
  }

  /**
   * Reference of a helper's image, `repository@sha256:…`, and the ARN of its repository for whoever pulls it.
   * @throws Error if the stack gives no digest for it.
   */
  find(image: PlatformImageName): { reference: pulumi.Output<string>; repositoryArn: pulumi.Output<string> } {
    const digest = this.digests[image];
    if (!digest || !this.registry)
      throw new Error(`\`digests\` has none for \`${image}\`; a workload of the stack needs that image (RT-1)`);
    const repository = repositoryOf(image);
    return {
      reference: pulumi.interpolate`${this.registry.urlOf(repository)}@${digest}`,
      repositoryArn: this.registry.arnOf(repository),
    };
  }
}

function repositoryOf(image: PlatformImageName): string {
  return `palisade/${image}`;
}
