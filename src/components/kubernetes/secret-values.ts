// Kubernetes components: the Secrets of a workload with their values: generated, supplied, copied, or certificates (PF-7, SA-8, SA-6).
import { createRequire } from "node:module";
import type { Secret } from "@pulumi/kubernetes/core/v1/secret";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import type { Authority } from "./certificate";
import { Leaf } from "./certificate";
import { composedText } from "./composed-text";
import { secretKeyOf } from "./references";
import type { SecretPlan, SecretSource } from "./secret-plan";

export interface WorkloadSecretValuesArgs {
  plans: readonly SecretPlan[];
  /** Values of supplied secrets, by the variable that the plan names. */
  supplied: Readonly<Record<string, pulumi.Input<string>>>;
  /** Who signs: the workload's own authority, and that of the environment's platform (SA-13). */
  authorities: { workload: Authority; platform: Authority };
  /** What each Secret must wait for: its namespace. */
  dependsOn?: (plan: SecretPlan) => pulumi.Resource[];
}

/** A value that somebody has to supply and has not. */
export interface MissingSecret {
  variable: string;
  description: string;
}

/** Supplied secrets without a value, each once, in the order of the plans. Asked before anything is registered. */
export function missingSecrets(plans: readonly SecretPlan[], supplied: object): MissingSecret[] {
  const missing = plans
    .flatMap(({ keys }) => Object.values(keys))
    .flatMap(source => (source.kind === "supplied" && !Object.hasOwn(supplied, source.variable) ? [source] : []));
  return [...new Map(missing.map(({ variable, description }) => [variable, { variable, description }])).values()];
}

/** @throws Error if a supplied value is missing, a copy leads nowhere or in a circle, or a certificate is not described. */
export class WorkloadSecretValues extends pulumi.ComponentResource {
  /** The Secrets, by `namespace/name`. */
  readonly secrets: ReadonlyMap<string, Secret>;
  /** All values of each, by `namespace/name`; what pods that use it are held to. */
  readonly contents: ReadonlyMap<string, pulumi.Output<Record<string, string>>>;
  private readonly leaves = new Map<SecretPlan, Leaf>();
  private readonly values = new Map<string, pulumi.Output<string>>();

  constructor(
    component: string,
    private readonly args: WorkloadSecretValuesArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:kubernetes:WorkloadSecretValues", component, {}, options);
    const made = args.plans.map(plan => {
      const data = Object.fromEntries(Object.keys(plan.keys).map(key => [key, this.resolve(plan, key, [])]));
      return { plan, data };
    });
    this.contents = new Map(made.map(({ plan, data }) => [secretKeyOf(plan), pulumi.all(data)]));
    this.secrets = new Map(made.map(({ plan, data }) => [secretKeyOf(plan), this.register(plan, data)]));
    this.registerOutputs({});
  }

  private register(plan: SecretPlan, values: Record<string, pulumi.Output<string>>): Secret {
    const { name, namespace, labels, type = "Opaque" } = plan;
    const data = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        pulumi.secret(value.apply(text => Buffer.from(text, "utf8").toString("base64"))),
      ]),
    );
    // Loaded only now: a stack on AWS without EKS has no use for the SDK.
    const sdk = createRequire(__filename)("@pulumi/kubernetes/core/v1/secret") as { Secret: typeof Secret };
    return new sdk.Secret(
      `${namespace}-${name}`,
      { metadata: { name, namespace, labels, annotations: { "pulumi.com/patchForce": "true" } }, type, data },
      { parent: this, dependsOn: this.args.dependsOn?.(plan) },
    );
  }

  /** Made once, however many copies there are of it. */
  private resolve(plan: SecretPlan, key: string, way: readonly string[]): pulumi.Output<string> {
    const place = `${secretKeyOf(plan)}/${key}`;
    if (way.includes(place)) throw new Error(`the copies ${[...way, place].join(" → ")} lead in a circle`);
    const source = plan.keys[key];
    if (!source) throw new Error(`Secret \`${plan.name}\` has no key \`${key}\`${via(way)}`);
    const known = this.values.get(place);
    if (known) return known;
    const value = this.madeBy(plan, key, source, [...way, place]);
    this.values.set(place, value);
    return value;
  }

  private madeBy(plan: SecretPlan, key: string, source: SecretSource, way: readonly string[]): pulumi.Output<string> {
    switch (source.kind) {
      case "generated": {
        const child = `${plan.namespace}-${plan.name}-${key.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
        return new RandomPassword(child, { length: source.length, special: false }, { parent: this }).result;
      }
      case "supplied": {
        const value = this.args.supplied[source.variable];
        if (value === undefined)
          throw new Error(`Secret \`${plan.name}\` asks for \`${source.variable}\`, which is not supplied`);
        return pulumi.secret(value);
      }
      case "copy":
        return this.resolve(this.planOf(plan, source.secret, way), source.key, way);
      case "composed": {
        const parts = Object.entries(source.values).map(([name, of]): [string, pulumi.Output<string>] => [
          name,
          this.resolve(this.planOf(plan, of.secret, way), of.key, way),
        ]);
        return pulumi.all(Object.fromEntries(parts)).apply(values => composedText(plan.name, source.text, values));
      }
      case "authority":
        return this.authorityOf(plan).certificate;
      case "certificate":
        return this.leafOf(plan).certificate;
      case "key":
        return this.leafOf(plan).key;
    }
  }

  private planOf({ namespace: own }: SecretPlan, secret: string, way: readonly string[]): SecretPlan {
    const plan = this.args.plans.find(({ namespace, name }) => namespace === own && name === secret);
    if (!plan) throw new Error(`no Secret \`${secret}\`${via(way)}`);
    return plan;
  }

  private authorityOf({ certificate }: SecretPlan): Authority {
    return this.args.authorities[certificate?.authority ?? "workload"];
  }

  private leafOf(plan: SecretPlan): Leaf {
    const known = this.leaves.get(plan);
    if (known) return known;
    if (!plan.certificate) throw new Error(`Secret \`${plan.name}\` has keys of a certificate it does not describe`);
    const { commonName, dnsNames, usages } = plan.certificate;
    const args = { commonName, dnsNames, usages, authority: this.authorityOf(plan) };
    const leaf = new Leaf(`${plan.namespace}-${plan.name}`, args, { parent: this });
    this.leaves.set(plan, leaf);
    return leaf;
  }
}

function via(way: readonly string[]): string {
  return way.length > 0 ? `, which ${way.at(-1)} copies` : "";
}
