// Kubernetes plugin: names. An object without one gets its resource's name and a suffix, and keeps it.
import { createHash, randomBytes } from "node:crypto";
import { annotation, at, isObject, type JsonObject, nameOf, withAt } from "../../src/kubernetes/json";
import { nameOfUrn } from "./tokens";
import { UNKNOWN } from "./wire";

const AUTONAMED = "pulumi.com/autonamed";
const SUFFIX_LENGTH = 8;

/** How the engine wants resources named, if it says so. */
export interface Autonaming {
  mode: "propose" | "enforce" | "disable";
  proposed: string;
}

export const isAutonamed = (object: JsonObject): boolean => annotation(object, AUTONAMED) === "true";

/**
 * Inputs with a name: their own, else the one given earlier, else a new one.
 * @param seed what the engine gives so that preview and update choose the same name; random if empty
 * @throws Error if the engine forbids chosen names and there is none
 */
export function named(
  inputs: JsonObject,
  old: JsonObject,
  urn: string,
  seed: Uint8Array,
  autonaming?: Autonaming,
): JsonObject {
  const own = at(inputs, "metadata", "name");
  if (own === UNKNOWN || (typeof own === "string" && own !== "") || at(inputs, "metadata") === UNKNOWN) return inputs;
  if (at(inputs, "metadata", "generateName") !== undefined)
    throw new Error(
      "`metadata.generateName` does not go together with server-side apply. Leave it out: the name is then chosen here.",
    );
  if (nameOf(old))
    return isAutonamed(old) ? withName(inputs, nameOf(old)) : withAt(inputs, ["metadata", "name"], nameOf(old));
  if (autonaming?.mode === "disable") throw new Error("autonaming is disabled; `metadata.name` must be given");
  return withName(inputs, autonaming?.proposed || `${nameOfUrn(urn)}-${suffix(seed)}`);
}

function withName(inputs: JsonObject, name: string): JsonObject {
  const annotations = at(inputs, "metadata", "annotations");
  const marked = withAt(inputs, ["metadata", "name"], name);
  if (annotations === UNKNOWN) return marked;
  return withAt(marked, ["metadata", "annotations"], {
    ...(isObject(annotations) ? annotations : {}),
    [AUTONAMED]: "true",
  });
}

function suffix(seed: Uint8Array): string {
  const source = seed.length > 0 ? createHash("sha256").update(seed).digest() : randomBytes(SUFFIX_LENGTH);
  return source.toString("hex").slice(0, SUFFIX_LENGTH);
}

/** The field manager that owns what a resource applies: an annotation's, else one that only this resource has. */
export function fieldManager(urn: string, inputs: JsonObject, recorded = ""): string {
  return (
    annotation(inputs, "pulumi.com/patchFieldManager") ||
    recorded ||
    `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, SUFFIX_LENGTH)}`
  );
}
