// Config: what a rule is. Rules judge what single fields cannot: fields against each other, the environment, the catalogue.
import type { Workload } from "../workload/workload";
import type { OnpremConfigInput } from "./onprem-schema";
import type { Path, Tree } from "./paths";
import type { StackConfigInput } from "./schema";
import type { Sealed } from "./sealed";
import type { Environment, Mode } from "./shared-schema";

/** A configuration as far as it is sound: whatever is present has passed its own field's schema. */
export type Salvaged<T> = T extends Sealed
  ? T
  : T extends readonly (infer E)[]
    ? (Salvaged<E> | undefined)[]
    : T extends object
      ? { [K in keyof T]?: Salvaged<T[K]> }
      : T;

/** What the configuration is judged against. */
export interface Context {
  /** Known workloads by name; config never imports the catalogue. */
  readonly catalog: ReadonlyMap<string, Workload>;
  /** Name of the stack, where it is known. */
  readonly stack?: string;
  /** Endpoint from `PALISADE_LOCAL_AWS`, unchecked; it takes the place of `palisade:localAws`. */
  readonly localAws?: string;
  /** Kubeconfig that the environment names, for a stack on a cluster that names none. */
  readonly kubeconfig?: string;
  /** Whether the engine only previews. */
  readonly preview: boolean;
}

export interface Facts extends Context {
  /** Values as they were found, faulty ones included. */
  readonly values: Tree;
  readonly mode: Mode;
  /** The sound part of them, defaults not filled in. A rule of both modes reads only what both have. */
  readonly sound: Salvaged<StackConfigInput>;
  /** The same, of a stack on a cluster; nothing in it otherwise. */
  readonly onprem: Salvaged<OnpremConfigInput>;
  /** What the stack says it is, or else what its name says. */
  readonly environment: Environment | undefined;
}

export interface Finding {
  /** Place in the configuration, or the name of whatever else is at fault. */
  readonly at: Path | string;
  readonly found: string;
  readonly allowed: string;
}

export interface Rule {
  readonly id: string;
  readonly control: string;
  /** Mode it holds in; all, if absent. */
  readonly mode?: Mode;
  /** Environments it holds in; all, if absent. */
  readonly environments?: readonly Environment[];
  readonly check: (facts: Facts) => readonly Finding[];
}
