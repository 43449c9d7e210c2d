// Kubernetes components: certificates as resources of the stack. A later update renews what ends soon (SA-6).
import * as pulumi from "@pulumi/pulumi";
import { type AuthorityInputs, type KeyPair, type LeafInputs, makeAuthority, makeLeaf } from "./certificate-maker";

const DAY_MS = 86_400_000;

/** Days before its end from which the next update makes a certificate anew. */
interface Renewal {
  renewBeforeDays: number;
}

type Outputs<Inputs> = Inputs & Renewal & KeyPair;

/**
 * Whether a certificate is to be made anew: other inputs, or an end that is near. An input that is not known yet counts
 * as another.
 */
export function isStale<Inputs extends object>(
  { certificate, key, notAfter, ...before }: Outputs<Inputs>,
  { ...after }: Inputs & Renewal,
  now: number,
): boolean {
  const left = Date.parse(notAfter) - now;
  if (!certificate || !key || !(left > after.renewBeforeDays * DAY_MS)) return true;
  const known = (value: object) =>
    JSON.stringify(
      Object.entries(value)
        .filter(([name]) => !name.startsWith("__"))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  return known(before) !== known(after);
}

function providerOf<Inputs extends object>(
  make: (inputs: Inputs) => Promise<KeyPair>,
): pulumi.dynamic.ResourceProvider<Inputs & Renewal, Outputs<Inputs>> {
  return {
    async create(inputs) {
      const pair = await make(inputs);
      return { id: pair.notAfter, outs: { ...inputs, ...pair } };
    },
    async diff(_id, before, after) {
      return { changes: isStale(before, after, Date.now()) };
    },
    async update(_id, _before, inputs) {
      return { outs: { ...inputs, ...(await make(inputs)) } };
    },
  };
}

/** One of each: the engine's SDK writes a provider out once, and that takes a while. */
const authorityProvider = providerOf(makeAuthority);
const leafProvider = providerOf(makeLeaf);

/** What both kinds of certificate give. */
abstract class Certificate extends pulumi.dynamic.Resource {
  /** In PEM. */
  declare readonly certificate: pulumi.Output<string>;
  /** In PEM; encrypted in the stack's state. */
  declare readonly key: pulumi.Output<string>;
  /** RFC 3339. */
  declare readonly notAfter: pulumi.Output<string>;
}

const nothingYet = { certificate: undefined, key: undefined, notAfter: undefined };

/** The authority of one workload, or of the platform. Ten years; renewed a year before its end, and all its leaves with it. */
export class Authority extends Certificate {
  constructor(name: string, args: Pick<AuthorityInputs, "commonName">, options?: pulumi.CustomResourceOptions) {
    super(
      authorityProvider,
      name,
      { ...args, validityDays: 3650, renewBeforeDays: 365, ...nothingYet },
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
      leafProvider,
      name,
      { ...args, authority: { certificate, key }, validityDays: 90, renewBeforeDays: 30, ...nothingYet },
      { ...options, additionalSecretOutputs: ["key", "authority"] },
    );
  }
}
