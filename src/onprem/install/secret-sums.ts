// Installer: pods learn of new values of the Secrets they use by an annotation that changes with them (RT-17).
import { createHmac, randomBytes } from "node:crypto";
import type { KubernetesObject } from "../../components/kubernetes/object";
import { makesPods, referencesOf } from "../../components/kubernetes/references";
import { type SecretPlan, secretsAnnotation } from "../../components/kubernetes/secret-plan";
import { ApiError } from "../../kubernetes/errors";
import { objectAt, textAt } from "../../kubernetes/json";
import { type Cluster, get } from "../../kubernetes/objects";
import { manager, sumKeySecret } from "../secrets/own";
import { secretPlace } from "../secrets/place";

const sumKeyBytes = 32;

/** A keyed hash of what each object's pods use: who reads an annotation cannot try out what a short secret may be. */
export type SumOf = (object: KubernetesObject) => string | undefined;

/** Reads the Secrets of a release, all of which are there, and the key of their sums, which is made if it is not. */
export async function secretSums(
  cluster: Cluster,
  platformNamespace: string,
  plans: readonly SecretPlan[],
): Promise<SumOf> {
  const key = await sumKey(cluster, platformNamespace);
  const contents = new Map<string, string>();
  for (const { namespace, name } of plans) {
    const data = objectAt(await get(cluster, secretPlace(namespace, name)), "data");
    contents.set(`${namespace}/${name}`, JSON.stringify(Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1))));
  }
  return object => {
    const used = referencesOf(object)
      .filter(({ kind }) => kind === "Secret")
      .map(({ name }) => contents.get(`${object.metadata.namespace ?? ""}/${name}`))
      .filter(content => content !== undefined);
    if (used.length === 0) return undefined;
    return createHmac("sha256", key).update(JSON.stringify(used)).digest("hex").slice(0, 32);
  };
}

interface PodTemplate {
  metadata?: { annotations?: Record<string, string> };
}

/** The object with the sum on its pods; those of a CronJob live for one run and see each new value anyway. */
export function withSum(object: KubernetesObject, sumOf: SumOf): KubernetesObject {
  const spec = object.spec as { template?: PodTemplate } | undefined;
  const template = spec?.template;
  const sum = makesPods(object) && template ? sumOf(object) : undefined;
  if (sum === undefined || !template) return object;
  const annotations = { ...template.metadata?.annotations, [secretsAnnotation]: sum };
  return { ...object, spec: { ...spec, template: { ...template, metadata: { ...template.metadata, annotations } } } };
}

async function sumKey(cluster: Cluster, namespace: string): Promise<Buffer> {
  const place = secretPlace(namespace, sumKeySecret);
  const found = await get(cluster, place);
  if (found) return Buffer.from(textAt(found, "data", "key"), "base64");
  const body = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: sumKeySecret, namespace, labels: { "app.kubernetes.io/managed-by": "palisade" } },
    data: { key: randomBytes(sumKeyBytes).toString("base64") },
  };
  const path = place.path.slice(0, place.path.lastIndexOf("/"));
  const query = { fieldManager: manager };
  await cluster.api
    .send({ method: "POST", path, query, body, contentType: "application/json" })
    .catch((error: unknown) => {
      // Sent twice, it was there the second time.
      if (!(error instanceof ApiError && error.status === 409)) throw error;
    });
  return sumKey(cluster, namespace);
}
