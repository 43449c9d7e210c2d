// Config: what the program calls first. Everything is checked before the engine is asked to register anything.
import * as pulumi from "@pulumi/pulumi";
import type { Workload } from "../workload/workload";
import { renderFaults } from "./faults";
import { readStackFile, stackFileName } from "./file";
import type { SealedOnpremConfig } from "./onprem-schema";
import { parseConfig } from "./parse";
import { children, fits, isTree, type Path, touches } from "./paths";
import { kubeconfigFromEnvironment, localAwsFromEnvironment } from "./process-environment";
import { decode, ownName, type RawConfig } from "./raw";
import type { SealedConfig } from "./schema";
import { Sealed } from "./sealed";
import { secretPlaces } from "./secret-places";

/** A configuration whose secrets are secret outputs of the engine. */
export type Unsealed<T> = T extends Sealed
  ? pulumi.Output<string>
  : T extends readonly (infer E)[]
    ? Unsealed<E>[]
    : T extends object
      ? { [K in keyof T]: Unsealed<T[K]> }
      : T;

export type StackConfig = Unsealed<SealedConfig>;
export type OnpremStackConfig = Unsealed<SealedOnpremConfig>;

/**
 * Reads and checks the configuration of the running stack.
 * @param catalog Known workloads by name.
 * @throws RunError with every fault in one message.
 */
export function loadConfig(catalog: ReadonlyMap<string, Workload>): StackConfig | OnpremStackConfig {
  const stack = pulumi.getStack();
  const parsed = parseConfig(engineConfig(stackFileName(stack)), {
    catalog,
    stack,
    localAws: localAwsFromEnvironment(),
    kubeconfig: kubeconfigFromEnvironment(),
    preview: pulumi.runtime.isDryRun(),
  });
  if (parsed.ok) return unseal(parsed.config);
  const next = `npx palisade config check --file ${stackFileName(stack)}`;
  throw new pulumi.RunError(
    renderFaults(parsed.faults, { subject: `Nothing was registered: the configuration of stack \`${stack}\``, next }),
  );
}

/** The engine's values, with those sealed that were encrypted. */
function engineConfig(file: string): RawConfig {
  const all = Object.entries(pulumi.runtime.allConfig());
  const secretKeys = new Set(all.map(([key]) => key).filter(isConfigSecret));
  // The engine marks whole keys; which parts of a key were encrypted only the file can tell.
  const written: RawConfig = secretKeys.size > 0 ? readStackFile(file).raw : new Map();
  return new Map(
    all.map(([key, text]) => {
      const value = decode(text);
      return [key, secretKeys.has(key) ? seal(value, written.get(key), [ownName(key) ?? key]) : value];
    }),
  );
}

/**
 * Seals what the file has encrypted, and the secret places, unless the file holds that very text in plain.
 * A secret key without any secret place is sealed whole, and so refused.
 */
function seal(value: unknown, written: unknown, path: Path): unknown {
  const places = secretPlaces.filter(place => touches(path, place));
  if (written instanceof Sealed || (path.length === 1 && places.length === 0)) return new Sealed(String(value));
  if (typeof value === "string" && written !== value && places.some(place => fits(path, place)))
    return new Sealed(value);
  const writtenAt = new Map(children(written));
  if (Array.isArray(value)) return value.map((child, i) => seal(child, writtenAt.get(i), [...path, i]));
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, seal(child, writtenAt.get(key), [...path, key])]),
  );
}

/** The SDK has it and its type declarations leave it out. Without it every secret counts as plain, and is refused. */
function isConfigSecret(key: string): boolean {
  const { isConfigSecret: ask } = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };
  return ask?.(key) ?? false;
}

function unseal<T>(value: T): Unsealed<T>;
function unseal(value: unknown): unknown {
  if (value instanceof Sealed) return pulumi.secret(value.open());
  if (Array.isArray(value)) return value.map(child => unseal(child));
  if (!isTree(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, unseal(child)]));
}
