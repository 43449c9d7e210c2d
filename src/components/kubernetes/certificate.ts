// Kubernetes components: certificates as resources of the stack. A later update renews what ends soon (SA-6).
import * as pulumi from "@pulumi/pulumi";
import type { AuthorityInputs, LeafInputs } from "./certificate-maker";

/**
 * What the engine keeps in the state of every certificate, and runs in the project's folder. `pulumi.dynamic.Resource` would
 * write all code of the provider out instead: ten times the size of a certificate, and a second of every update to write it.
 */
const textOf = (provider: "authority" | "leaf") => `require("tsx/cjs");
exports.handler = () => require(require("node:path").resolve("src/components/kubernetes/certificate-provider.ts")).${provider};
`;

/** What both kinds of certificate give. */
abstract class Certificate extends pulumi.CustomResource {
  /** In PEM. */
  declare readonly certificate: pulumi.Output<string>;
  /** In PEM; encrypted in the stack's state. */
  declare readonly key: pulumi.Output<string>;
  /** RFC 3339. */
  declare readonly notAfter: pulumi.Output<string>;

  protected constructor(
    provider: Parameters<typeof textOf>[0],
    name: string,
    inputs: pulumi.Inputs,
    options?: pulumi.CustomResourceOptions,
  ) {
    super("pulumi-nodejs:dynamic:Resource", name, { ...inputs, ...nothingYet, __provider: textOf(provider) }, options);
  }
}

const nothingYet = { certificate: undefined, key: undefined, notAfter: undefined };

/** The authority of one workload, or of the platform. Ten years; renewed a year before its end, and all its leaves with it. */
export class Authority extends Certificate {
  constructor(name: string, args: Pick<AuthorityInputs, "commonName">, options?: pulumi.CustomResourceOptions) {
    super(
      "authority",
      name,
      { ...args, validityDays: 3650, renewBeforeDays: 365 },
      { ...options, additionalSecretOutputs: ["key"] },
    );
  }
}

export interface LeafArgs extends Pick<LeafInputs, "commonName" | "dnsNames" | "usages"> {
  authority: Certificate;
}

/** A certificate of ninety days by an authority; renewed by any update in its last thirty. */
export class Leaf extends Certificate {
  constructor(name: string, { authority, ...args }: LeafArgs, options?: pulumi.CustomResourceOptions) {
    const { certificate, key } = authority;
    super(
      "leaf",
      name,
      { ...args, authority: { certificate, key }, validityDays: 90, renewBeforeDays: 30 },
      { ...options, additionalSecretOutputs: ["key", "authority"] },
    );
  }
}
