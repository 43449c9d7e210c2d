// Installer: a release as a ConfigMap of the platform's namespace, and back. What is read was in others' hands, and is checked.
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";
import type { KubernetesObject } from "../../components/kubernetes/object";
import type { SecretPlan } from "../../components/kubernetes/secret-plan";
import { type JsonObject, objectAt, textAt } from "../../kubernetes/json";
import { keyOf, recordLabel, requireNoSecrets } from "./identity";
import { type Operation, operation, type ReleaseHead, releaseHead } from "./journal";
import type { KeptData } from "./kept-data";
import type { Target } from "./parts";
import { inventoryOf } from "./target";

/** Bytes of what a ConfigMap holds, at most; the API server takes 1 MiB with everything around it. */
const largestRecord = 1_000_000;
/** Bytes of an unpacked record; what says it is larger was not written here. */
const largestContent = 64 * 1024 * 1024;

/** A release as it is kept. */
export interface ReleaseRecord {
  head: ReleaseHead;
  target: Target;
  /** What releases that are let go of left behind; only on that which ran last. */
  kept: KeptData;
}

const identified = z.looseObject({
  apiVersion: z.string().max(128),
  kind: z.string().max(128),
  metadata: z.looseObject({ name: z.string().max(253), namespace: z.string().max(63).optional() }),
});
const plan = z.looseObject({
  name: z.string().max(253),
  namespace: z.string().max(63),
  labels: z.record(z.string(), z.string()),
  keys: z.record(z.string(), z.looseObject({ kind: z.string().max(32) })),
});
const asked = z.object({
  workload: z.string().max(63),
  namespace: z.string().max(63),
  service: z.string().max(63),
  exposure: z.enum(["public", "internal", "none"]),
  port: z.int().min(1).max(65_535),
  scheme: z.enum(["http", "https"]),
  path: z.string().max(2_048),
  timeoutSeconds: z.number().min(0).max(3_600),
});
const content = z.object({
  kept: z.object({ objects: z.array(identified).max(10_000), secrets: z.array(plan).max(10_000) }),
  values: z.string().max(128),
  platformNamespace: z.string().max(63),
  objects: z.array(identified).max(10_000),
  secrets: z.array(plan).max(10_000),
  given: z.record(z.string(), z.record(z.string(), z.string())),
  endpoints: z.array(asked).max(10_000),
});

export const releaseName = (revision: number): string => `palisade-release-${revision}`;
export const journalName = "palisade-journal";

const labels = (kind: "release" | "journal") => ({ "app.kubernetes.io/managed-by": "palisade", [recordLabel]: kind });

/** @throws Failure if the release is too large to be kept. */
export function releaseConfigMap(record: ReleaseRecord): JsonObject {
  const { head, target, kept } = record;
  requireNoSecrets(target.objects);
  const { values, platformNamespace, objects, secrets, given, endpoints } = target;
  const all = { kept, values, platformNamespace, objects, secrets, given, endpoints };
  const packed = gzipSync(JSON.stringify(all), { level: 9 });
  const text = packed.toString("base64");
  const inventory = inventoryOf(target).map(keyOf).join("\n");
  const size = text.length + inventory.length;
  if (size > largestRecord)
    throw new Failure(
      `the record of release ${head.version} would have ${size} bytes; a ConfigMap takes ${largestRecord}`,
      "Ask the vendor: without a record there would be no way back.",
    );
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: releaseName(head.revision), namespace: platformNamespace, labels: labels("release") },
    data: { release: JSON.stringify(head), inventory },
    binaryData: { content: text },
  };
}

/** @throws Failure naming the ConfigMap that is not what was written. */
export function readHead(configMap: JsonObject): ReleaseHead {
  return checked(configMap, () => releaseHead.parse(JSON.parse(textAt(configMap, "data", "release"))));
}

/** @throws Failure naming the ConfigMap that is not what was written. */
export function readRecord(configMap: JsonObject): ReleaseRecord {
  const head = readHead(configMap);
  return checked(configMap, () => {
    const packed = Buffer.from(textAt(configMap, "binaryData", "content"), "base64");
    const text = gunzipSync(packed, { maxOutputLength: largestContent }).toString("utf8");
    const { kept, ...found } = content.parse(JSON.parse(text));
    const { stack, environment, version, buildSha, indexDigest, registry } = head;
    const objects = found.objects as KubernetesObject[];
    requireNoSecrets(objects);
    const secrets = found.secrets as unknown as SecretPlan[];
    return {
      head,
      target: { stack, environment, version, buildSha, indexDigest, registry, ...found, objects, secrets },
      kept: { objects: kept.objects as KubernetesObject[], secrets: kept.secrets as unknown as SecretPlan[] },
    };
  });
}

export function journalConfigMap(namespace: string, entry: Operation): JsonObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: journalName, namespace, labels: labels("journal") },
    data: { operation: JSON.stringify(entry) },
  };
}

/** @throws Failure if the journal is not what was written. */
export function readOperation(configMap: JsonObject): Operation {
  return checked(configMap, () => operation.parse(JSON.parse(textAt(configMap, "data", "operation"))));
}

export const recordKind = (configMap: JsonObject): string =>
  textAt(objectAt(configMap, "metadata", "labels"), recordLabel);

function checked<T>(configMap: JsonObject, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) throw error;
    const name = textAt(configMap, "metadata", "name");
    const namespace = textAt(configMap, "metadata", "namespace");
    throw new Failure(
      `ConfigMap ${namespace}/${name} is not what an installer of this version wrote`,
      `It was changed by somebody else, or is a later installer's: use the installer of the bundle that was installed last. See: kubectl get configmap ${name} -n ${namespace} -o yaml`,
    );
  }
}
