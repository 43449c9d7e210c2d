// Secrets on the spot: the value of every key of every Secret, from what is there, what is supplied, and what has to be made (PF-7, SA-6, SA-8).
import { platformWorkload } from "../../components/kubernetes/cluster-foundation-home";
import { composedText } from "../../components/kubernetes/composed-text";
import { secretKeyOf } from "../../components/kubernetes/references";
import type { SecretPlan, SecretSource } from "../../components/kubernetes/secret-plan";
import { type Authority, type Pair, trustOf } from "./authorities";
import { keyOf, type SecretsWanted, workloadOf } from "./demand";
import { isGood, newLeaf } from "./leaf";
import type { LiveSecret } from "./live-secret";
import { randomText } from "./random-text";

export interface Known {
  /** By `namespace/name`. */
  live: ReadonlyMap<string, LiveSecret>;
  /** By `workload.VARIABLE`. */
  supplied: ReadonlyMap<string, string>;
  /** By workload; of the platform, by `palisade`. */
  authorities: ReadonlyMap<string, Authority>;
  now: number;
}

export interface Resolved {
  plan: SecretPlan;
  data: Record<string, string>;
}

/** Name of the authority that signs for a Secret. */
export function authorityNameOf(plan: SecretPlan): string {
  return plan.certificate?.authority === "platform" ? platformWorkload : workloadOf(plan);
}

/** Whether somebody else keeps it, with everything that is wanted of it. */
export function isForeign(plan: SecretPlan, live: LiveSecret | undefined): boolean {
  return live !== undefined && !live.isOurs && Object.keys(plan.keys).every(key => (live.data[key] ?? "") !== "");
}

/**
 * In the order in which they are to be written. What is generated and there stays; what is supplied now counts, and otherwise
 * what is there; copies and texts follow what they are made of; a certificate stays while it is good.
 * @throws Error if a plan is not whole: a copy leads nowhere or in a circle, a value was not supplied, a certificate is not described
 */
export async function resolved(wanted: Pick<SecretsWanted, "secrets" | "given">, known: Known): Promise<Resolved[]> {
  const resolver = new Resolver(wanted, known);
  const all: Resolved[] = [];
  for (const plan of wanted.secrets) all.push({ plan, data: await resolver.data(plan) });
  // What is copied is written first: a process that ends in between has lost nothing.
  const rank = (plan: SecretPlan) =>
    Object.values(plan.keys).some(({ kind }) => kind === "copy" || kind === "composed") ? 1 : 0;
  return all.toSorted((a, b) => rank(a.plan) - rank(b.plan));
}

class Resolver {
  private readonly leaves = new Map<SecretPlan, Pair>();
  private readonly values = new Map<string, string>();

  constructor(
    private readonly wanted: Pick<SecretsWanted, "secrets" | "given">,
    private readonly known: Known,
  ) {}

  async data(plan: SecretPlan): Promise<Record<string, string>> {
    const data: Record<string, string> = {};
    for (const key of Object.keys(plan.keys)) data[key] = await this.value(plan, key, []);
    return data;
  }

  private async value(plan: SecretPlan, key: string, way: readonly string[]): Promise<string> {
    const place = `${secretKeyOf(plan)}/${key}`;
    if (way.includes(place)) throw new Error(`the copies ${[...way, place].join(" → ")} lead in a circle`);
    const source = plan.keys[key];
    if (!source)
      throw new Error(`Secret \`${plan.name}\` has no key \`${key}\`, which ${way.at(-1) ?? "a plan"} asks for`);
    const made = this.values.get(place);
    if (made !== undefined) return made;
    const live = this.known.live.get(secretKeyOf(plan));
    const standing = live?.data[key] || undefined;
    const value =
      standing !== undefined && isForeign(plan, live)
        ? standing
        : await this.from(plan, source, standing, [...way, place]);
    this.values.set(place, value);
    return value;
  }

  private async from(
    plan: SecretPlan,
    source: SecretSource,
    standing: string | undefined,
    way: string[],
  ): Promise<string> {
    switch (source.kind) {
      case "generated":
        return standing ?? randomText(source.length);
      case "supplied": {
        const key = keyOf({ workload: workloadOf(plan), variable: source.variable });
        const given = this.wanted.given[plan.namespace]?.[source.variable];
        const value = given ?? this.known.supplied.get(key) ?? standing;
        if (value === undefined) throw new Error(`Secret \`${plan.name}\` asks for ${key}, which is not supplied`);
        return value;
      }
      case "copy":
        return this.other(plan, source, way);
      case "composed": {
        const parts: Record<string, string> = {};
        for (const [name, of] of Object.entries(source.values)) parts[name] = await this.other(plan, of, way);
        return composedText(plan.name, source.text, parts);
      }
      case "authority":
        return trustOf(this.authority(plan));
      case "certificate":
        return (await this.leaf(plan)).certificate;
      case "key":
        return (await this.leaf(plan)).key;
    }
  }

  private async other(plan: SecretPlan, of: { secret: string; key: string }, way: readonly string[]): Promise<string> {
    const found = this.wanted.secrets.find(({ namespace, name }) => namespace === plan.namespace && name === of.secret);
    if (!found) throw new Error(`there is no Secret \`${of.secret}\`, which ${way.at(-1) ?? plan.name} copies`);
    return this.value(found, of.key, way);
  }

  private authority(plan: SecretPlan): Authority {
    const authority = this.known.authorities.get(authorityNameOf(plan));
    if (!authority) throw new Error(`there is no authority for Secret \`${plan.name}\``);
    return authority;
  }

  private async leaf(plan: SecretPlan): Promise<Pair> {
    const made = this.leaves.get(plan);
    if (made) return made;
    if (!plan.certificate) throw new Error(`Secret \`${plan.name}\` has keys of a certificate it does not describe`);
    const { live, now } = this.known;
    const standing = pairIn(plan, live.get(secretKeyOf(plan)));
    const authority = this.authority(plan);
    const isKept = standing !== undefined && isGood(standing, plan.certificate, authority, now);
    const pair = isKept ? standing : await newLeaf(plan.certificate, authority);
    this.leaves.set(plan, pair);
    return pair;
  }
}

/** The certificate as it stands, under whichever keys the plan has for its halves. */
function pairIn({ keys }: SecretPlan, live: LiveSecret | undefined): Pair | undefined {
  const keyWith = (kind: SecretSource["kind"]) => Object.keys(keys).find(key => keys[key]?.kind === kind) ?? "";
  const certificate = live?.data[keyWith("certificate")];
  const key = live?.data[keyWith("key")];
  return certificate && key ? { certificate, key } : undefined;
}
