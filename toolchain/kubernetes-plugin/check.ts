// Kubernetes plugin: from what a program says to the inputs kept in the state: names, namespaces, and refusals by name.

import { Unreachable } from "../../src/kubernetes/errors";
import { isObject, type JsonObject, nameOf, namespaceOf, withAt } from "../../src/kubernetes/json";
import type { ApiKind } from "../../src/kubernetes/kind";
import type { Refusal } from "./config";
import type { Context } from "./context";
import { type Autonaming, named } from "./naming";
import { renderRefusals } from "./render";
import { apiKind, isNamespacedBuiltIn } from "./tokens";
import { type Properties, UNKNOWN } from "./wire";

export interface CheckRequest {
  urn: string;
  old: Properties;
  next: Properties;
  seed: Uint8Array;
  autonaming?: Autonaming;
}

/** What only the server writes; in inputs it comes from objects that were read or imported. */
const READ_ONLY = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "selfLink",
  "uid",
];
const REFUSED_ANNOTATIONS: Readonly<Record<string, string>> = {
  "pulumi.com/waitFor": "waiting for a condition of one's own",
  "pulumi.com/replaceUnready": "replacing what did not become ready",
};

export interface Checked {
  inputs: Properties;
  failures: Refusal[];
}

export async function check(context: Context, request: CheckRequest): Promise<Checked> {
  if (context.settings.skipUpdateUnreachable && nameOf(request.old.value) && (await isUnreachable(context))) {
    context.host.say("warning", request.urn, "the cluster cannot be reached; left as it is (skipUpdateUnreachable)");
    return { inputs: request.old, failures: [] };
  }
  const kind = apiKind(request.urn, request.next.value);
  const plain = { ...request.next.value, apiVersion: kind.apiVersion, kind: kind.kind };
  const withName = named(withoutReadOnly(plain), request.old.value, request.urn, request.seed, request.autonaming);
  const value = await withNamespace(context, kind, withName);
  const inputs = { value, secrets: request.next.secrets };
  const failures = refusedAnnotations(value);
  if (context.settings.renderYamlToDirectory) failures.push(...renderRefusals(inputs));
  return { inputs, failures };
}

async function isUnreachable(context: Context): Promise<boolean> {
  const answer = await context.cluster().catch((error: unknown) => error);
  return answer instanceof Unreachable;
}

function withoutReadOnly(object: JsonObject): JsonObject {
  return READ_ONLY.reduce((left, key) => withAt(left, ["metadata", key], undefined), object);
}

async function withNamespace(context: Context, kind: ApiKind, object: JsonObject): Promise<JsonObject> {
  const namespaced = isNamespacedBuiltIn(kind) ?? (await isNamespaced(context, kind));
  // Somebody else's namespace on an object of the whole cluster would make every later comparison differ.
  if (!namespaced) return withAt(object, ["metadata", "namespace"], undefined);
  if (namespaceOf(object) || object.metadata === UNKNOWN) return object;
  const namespace = context.defaultNamespace();
  return namespace ? withAt(object, ["metadata", "namespace"], namespace) : object;
}

/** A custom kind the server does not know yet is taken to lie in namespaces, as most do. */
async function isNamespaced(context: Context, kind: ApiKind): Promise<boolean> {
  if (context.settings.renderYamlToDirectory) return true;
  const { discovery } = await context.cluster();
  return (await discovery.find(kind))?.namespaced ?? true;
}

function refusedAnnotations(object: JsonObject): Refusal[] {
  const annotations =
    isObject(object.metadata) && isObject(object.metadata.annotations) ? object.metadata.annotations : {};
  return Object.entries(REFUSED_ANNOTATIONS)
    .filter(([key]) => key in annotations)
    .map(([key, what]) => ({
      property: `metadata.annotations["${key}"]`,
      reason: `${what} is not done by this build of the kubernetes plugin. Leave it out, or install the official plugin.`,
    }));
}
