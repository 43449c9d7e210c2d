// AWS components: the secrets that machines read: SecureString parameters, one for each reader, fetched at start (CP-5, PF-7).
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import type { Workload } from "../../workload/workload";

export interface MachineParametersArgs {
  environment: string;
  workload: Pick<Workload, "name" | "services" | "secrets">;
  /** KMS key of data class `secrets` (SA-7). */
  keyArn: pulumi.Input<string>;
  /**
   * Values of `supplied` secrets. For one that is left out there is no parameter: an operator puts it, and the units that
   * read it do not start before.
   */
  supplied?: Record<string, pulumi.Input<string>>;
  /** Value of a generated secret that tasks read as well; undefined for one that machines alone read. */
  generatedValue?: (secret: string) => pulumi.Output<string> | undefined;
}

export class MachineParameters extends pulumi.ComponentResource {
  private readonly awaited: string[] = [];

  constructor(
    private readonly component: string,
    private readonly args: MachineParametersArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:MachineParameters", component, {}, options);
    for (const [name, spec] of Object.entries(args.workload.secrets)) {
      const readers = spec.readers.filter(reader => args.workload.services[reader]?.machine);
      if (readers.length > 0) this.store(name, spec, readers);
    }
    this.registerOutputs({});
  }

  /** Path below which the parameters of one service are, without a trailing slash. */
  pathOf(serviceName: string): string {
    return `/palisade/${this.args.environment}/${this.args.workload.name}/${serviceName}`;
  }

  /** Secrets a service reads. */
  namesFor(serviceName: string): string[] {
    const { secrets } = this.args.workload;
    return Object.keys(secrets).filter(name => secrets[name]?.readers.includes(serviceName));
  }

  /** Names of the parameters of one service that an operator has yet to put. */
  awaitedBy(serviceName: string): string[] {
    return this.awaited.filter(name => name.startsWith(`${this.pathOf(serviceName)}/`));
  }

  private store(name: string, spec: Workload["secrets"][string], readers: string[]): void {
    const child = `${this.component}-${name.toLowerCase().replaceAll("_", "-")}`;
    const value = this.value(name, spec, child);
    for (const reader of readers) {
      const path = `${this.pathOf(reader)}/${name}`;
      if (value === undefined) {
        this.awaited.push(path);
        continue;
      }
      new ssm.Parameter(
        `${child}-${reader}`,
        {
          name: path,
          type: "SecureString",
          description: spec.description,
          keyId: this.args.keyArn,
          value: pulumi.secret(value),
          tags: { "palisade:secret": name, "palisade:rotation-days": String(spec.rotationDays) },
        },
        { parent: this },
      );
    }
  }

  private value(name: string, spec: Workload["secrets"][string], child: string): pulumi.Input<string> | undefined {
    if (spec.source === "supplied") return this.args.supplied?.[name];
    return (
      this.args.generatedValue?.(name) ??
      new RandomPassword(child, { length: spec.length, special: false }, { parent: this }).result
    );
  }
}

/** Secrets that something else than a machine reads: those belong into Secrets Manager (SA-8). */
export function secretsOfTasks({ secrets, services }: Pick<Workload, "secrets" | "services">): Workload["secrets"] {
  return Object.fromEntries(
    Object.entries(secrets).filter(([, { readers }]) => readers.some(reader => !services[reader]?.machine)),
  );
}
