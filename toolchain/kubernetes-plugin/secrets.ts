// Kubernetes plugin: what must never be seen in clear. The values of a Secret always; elsewhere what the program marked.
import { at, isObject, type Json, type JsonObject, type Path, textAt } from "../../src/kubernetes/json";
import { isSecret } from "../../src/kubernetes/secret";
import type { Properties, Secrets } from "./wire";

/** The secrets of an object of the program's, or of the cluster's answer to it. */
export function secretsOf(object: JsonObject, marked: Secrets): Secrets {
  if (!isSecret(object) || marked === true) return marked;
  return { ...marked, data: true, stringData: true };
}

/** Every marked place that holds a value, outermost first. */
export function secretPaths(value: Json | undefined, secrets: Secrets | undefined, path: Path = []): Path[] {
  if (value === undefined || secrets === undefined) return [];
  if (secrets === true) return [path];
  if (!isObject(value)) return [];
  return Object.entries(secrets).flatMap(([key, inner]) => secretPaths(value[key], inner, [...path, key]));
}

/** The object as the program wrote it: keys that were given as `stringData` are decoded again. */
export function decodeStringData(live: JsonObject, inputs: JsonObject): JsonObject {
  if (!isSecret(live) || !isObject(inputs.stringData) || !isObject(live.data)) return live;
  const data: JsonObject = { ...live.data };
  const stringData: JsonObject = {};
  for (const key of Object.keys(inputs.stringData)) {
    if (!Object.hasOwn(data, key)) continue;
    stringData[key] = Buffer.from(textAt(data, key), "base64").toString("utf8");
    delete data[key];
  }
  return { ...live, data, stringData };
}

/** kubectl keeps a copy of all it applied in this annotation, values of Secrets too. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** What of a live object goes into the state: without the bookkeeping of field managers, and without kubectl's copy. */
export function forState(live: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = isObject(live.metadata) ? live.metadata : {};
  if (isObject(metadata.annotations) && LAST_APPLIED in metadata.annotations) {
    const { [LAST_APPLIED]: _copy, ...annotations } = metadata.annotations;
    metadata.annotations = annotations;
  }
  return { ...live, metadata };
}

/** A text without the secrets of an object, as they are and as base64: the server quotes values it refuses. */
export function withoutSecrets(text: string, { value, secrets }: Properties): string {
  const hidden = secretPaths(value, secretsOf(value, secrets))
    .flatMap(path => leaves(at(value, ...path)))
    .flatMap(leaf => [leaf, Buffer.from(leaf, "utf8").toString("base64")])
    .filter(leaf => leaf.length >= SHORTEST_HIDDEN)
    .sort((a, b) => b.length - a.length);
  return hidden.reduce((left, leaf) => left.replaceAll(leaf, "[secret]"), text);
}

/** Shorter texts are in every sentence; hiding them would hide the sentence. */
const SHORTEST_HIDDEN = 4;

function leaves(value: Json | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (isObject(value)) return Object.values(value).flatMap(leaves);
  return value === undefined || value === null ? [] : [String(value)];
}
