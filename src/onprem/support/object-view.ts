// Support bundle: of an object, what says how it is set and how it fares; of what it holds, names and sizes (SA-8). Pure.
import {
  isObject,
  type Json,
  type JsonObject,
  listAt,
  nameOf,
  namespaceOf,
  objectAt,
  textAt,
} from "../../kubernetes/json";
import { mark } from "./redactor";

/** Kinds with more in them than settings: what they hold is left out. */
export function objectView(live: JsonObject): JsonObject {
  const kind = textAt(live, "kind");
  const head = { apiVersion: live.apiVersion ?? "", kind, metadata: metadataView(live) };
  if (kind === "Secret") return { ...head, type: textAt(live, "type"), keys: Object.keys(objectAt(live, "data")) };
  if (kind === "ConfigMap") return { ...head, sizes: sizesOf(live) };
  const { apiVersion: _, kind: __, metadata: ___, data: ____, ...rest } = live;
  return { ...head, ...(cleaned(rest) as JsonObject) };
}

const keptAnnotations =
  /^(?:palisade\.dev|deployment\.kubernetes\.io|autoscaling\.alpha\.kubernetes\.io|pv\.kubernetes\.io)\//;

function metadataView(live: JsonObject): JsonObject {
  const annotations = Object.entries(objectAt(live, "metadata", "annotations")).map(([key, value]) => [
    key,
    keptAnnotations.test(key) ? value : mark("value"),
  ]);
  const namespace = namespaceOf(live);
  return {
    name: nameOf(live),
    ...(namespace && { namespace }),
    ...pick(objectAt(live, "metadata"), [
      "uid",
      "generation",
      "resourceVersion",
      "creationTimestamp",
      "deletionTimestamp",
      "finalizers",
      "labels",
      "ownerReferences",
    ]),
    ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }),
  };
}

function sizesOf(live: JsonObject): JsonObject {
  const entries = [...Object.entries(objectAt(live, "data")), ...Object.entries(objectAt(live, "binaryData"))];
  return Object.fromEntries(entries.map(([key, value]) => [key, `${Buffer.byteLength(String(value))} bytes`]));
}

/** Fields of which only the presence is told: values of variables, what processes are started with, what they said at their end. */
const opaque = ["value", "args", "command", "caBundle", "stringData", "binaryData"];

function cleaned(value: Json): Json {
  if (Array.isArray(value)) return value.map(cleaned);
  if (!isObject(value)) return value;
  const isEnded = "exitCode" in value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      if (opaque.includes(key)) return [key, mark("value")];
      if (key === "annotations") return [key, Object.keys(objectAt(value, key))];
      if (isEnded && key === "message") return [key, mark("text")];
      return [key, cleaned(child)];
    }),
  );
}

/** Of an event: what happened to what, when and how often. A probe's message quotes what the service answered. */
export function eventView(event: JsonObject): JsonObject {
  const reason = textAt(event, "reason");
  const message = textAt(event, "message");
  return {
    ...pick(event, ["type", "reason", "count", "firstTimestamp", "lastTimestamp", "eventTime"]),
    object: `${textAt(event, "involvedObject", "kind")} ${textAt(event, "involvedObject", "name")}`,
    message: /^(Unhealthy|ProbeWarning|FailedPostStartHook|FailedPreStopHook)$/.test(reason)
      ? `${/^[A-Z][a-z]+ probe (?:failed|errored)(?:: HTTP probe failed with statuscode: \d+)?/.exec(message)?.[0] ?? ""} ${mark("text")}`.trim()
      : message.slice(0, 2_000),
  };
}

/** Of a node: its size, its versions, what speaks against it. */
export function nodeView(node: JsonObject): JsonObject {
  return {
    name: nameOf(node),
    labels: pick(objectAt(node, "metadata", "labels"), [
      "kubernetes.io/arch",
      "kubernetes.io/os",
      "topology.kubernetes.io/zone",
    ]),
    taints: listAt(node, "spec", "taints"),
    ...pick(objectAt(node, "status"), ["capacity", "allocatable"]),
    nodeInfo: pick(objectAt(node, "status", "nodeInfo"), [
      "architecture",
      "containerRuntimeVersion",
      "kernelVersion",
      "kubeletVersion",
      "osImage",
    ]),
    conditions: listAt(node, "status", "conditions").map(condition =>
      isObject(condition) ? pick(condition, ["type", "status", "reason", "lastTransitionTime"]) : null,
    ),
  };
}

function pick(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.flatMap(key => (Object.hasOwn(object, key) ? [[key, object[key] ?? null]] : [])));
}
