// Installer: pods learn of new values of the Secrets they use by an annotation that changes with them (RT-17).
import { createHmac } from "node:crypto";
import type { KubernetesObject } from "../../components/kubernetes/object";
import { makesPods, referencesOf } from "../../components/kubernetes/references";
import { type SecretPlan, secretsAnnotation } from "../../components/kubernetes/secret-plan";
import { objectAt, sortedEntries } from "../../kubernetes/json";
import { type Cluster, get } from "../../kubernetes/objects";
import { secretPlace } from "../secrets/place";
import { ensureOwnKey } from "./own-key";

/** A keyed hash of what each object's pods use: who reads an annotation cannot try out what a short secret may be. */
export type SumOf = (object: KubernetesObject) => string | undefined;

/** Reads the Secrets of a release, all of which are there, and the key of their sums, which is made if it is not. */
export async function secretSums(
  cluster: Cluster,
  platformNamespace: string,
  plans: readonly SecretPlan[],
): Promise<SumOf> {
  const key = await ensureOwnKey(cluster, platformNamespace);
  const contents = new Map<string, string>();
  for (const { namespace, name } of plans) {
    const data = objectAt(await get(cluster, secretPlace(namespace, name)), "data");
    contents.set(`${namespace}/${name}`, JSON.stringify(sortedEntries(data)));
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
