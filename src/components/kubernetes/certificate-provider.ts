// Kubernetes components: what the engine's process for dynamic resources runs to make certificates and to make them anew
// (SA-6). The path of this file, and the names that it exports, stand in the states of stacks: they stay.
import type * as pulumi from "@pulumi/pulumi";
import { DAY_MS, type KeyPair, makeAuthority, makeLeaf } from "./certificate-maker";

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

export const authority = providerOf(makeAuthority);
export const leaf = providerOf(makeLeaf);
