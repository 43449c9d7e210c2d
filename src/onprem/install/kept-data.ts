// Installer: data that outlives the release it belongs to: its claims, their namespaces and the Secrets that open it stay on the record of
// the release that runs, as long as they are there (RT-9, RT-27).
import type { KubernetesObject } from "../../components/kubernetes/object";
import { secretKeyOf } from "../../components/kubernetes/references";
import type { SecretPlan } from "../../components/kubernetes/secret-plan";
import { ApiError } from "../../kubernetes/errors";
import { type Cluster, get } from "../../kubernetes/objects";
import { type Identity, identityOf, keyOf, namespacePlace } from "./identity";
import type { Target } from "./parts";
import { claimPredicate, claimsOf } from "./volumes";

/** Of releases that are let go of: claims and namespaces; and the plans of the Secrets beside the claims. */
export interface KeptData {
  objects: readonly KubernetesObject[];
  secrets: readonly SecretPlan[];
}

export const nothingKept: KeptData = { objects: [], secrets: [] };

/** A release as it is recorded. */
interface Holding {
  target: Target;
  kept: KeptData;
}

/** A release with what it keeps of others: all that an uninstall has to look at. */
export function wholeOf({ target, kept }: Holding): Target {
  return {
    ...target,
    objects: [...target.objects, ...kept.objects],
    secrets: [...target.secrets, ...kept.secrets],
  };
}

/**
 * @param forgotten releases that are let go of
 * @param remaining those that stay recorded, the one that runs among them
 * @returns what the record of the one that runs has to keep, and the plans of Secrets that open nothing any more
 */
export async function keptData(
  cluster: Cluster,
  forgotten: readonly Holding[],
  remaining: readonly Holding[],
): Promise<{ kept: KeptData; free: SecretPlan[] }> {
  const objects = [
    ...forgotten.flatMap(each => wholeOf(each).objects),
    ...remaining.flatMap(({ kept }) => kept.objects),
  ];
  const plans = [...forgotten.flatMap(each => wholeOf(each).secrets), ...remaining.flatMap(({ kept }) => kept.secrets)];
  const inUse = remaining.flatMap(({ target }) => target.objects);
  const needed = new Set(remaining.flatMap(({ target }) => target.secrets.map(secretKeyOf)));
  const ownerless = [...new Map(plans.map(plan => [secretKeyOf(plan), plan])).values()].filter(
    plan => !needed.has(secretKeyOf(plan)),
  );
  const kept: { objects: KubernetesObject[]; secrets: SecretPlan[] } = { objects: [], secrets: [] };
  const free: SecretPlan[] = [];
  for (const namespace of namespacesOf(objects, ownerless)) {
    const claims = await claimsLeft(cluster, namespace, objects, inUse);
    kept.objects.push(...claims);
    const here = ownerless.filter(plan => plan.namespace === namespace);
    (claims.length > 0 ? kept.secrets : free).push(...here);
  }
  kept.objects.push(...(await namespacesLeft(cluster, objects, inUse)));
  return { kept, free };
}

function namespacesOf(objects: readonly KubernetesObject[], plans: readonly SecretPlan[]): string[] {
  const all = [...objects.map(({ metadata }) => metadata.namespace), ...plans.map(({ namespace }) => namespace)];
  return [...new Set(all.filter(name => name !== undefined))].toSorted();
}

/** Claims of what is let go of that are there, without those that a release in use has too. */
async function claimsLeft(
  cluster: Cluster,
  namespace: string,
  objects: readonly KubernetesObject[],
  inUse: readonly KubernetesObject[],
): Promise<KubernetesObject[]> {
  const isInUse = claimPredicate(inUse.filter(({ metadata }) => metadata.namespace === namespace));
  try {
    const claims = await claimsOf(cluster, namespace, objects);
    return claims.filter(({ name }) => !isInUse(name)).map(asObject);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 403)) throw error;
    // What cannot be looked at is taken to be there, with all by which it can be found.
    const used = new Set(inUse.map(object => keyOf(identityOf(object))));
    return unique(objects).filter(
      object =>
        object.metadata.namespace === namespace &&
        ["PersistentVolumeClaim", "StatefulSet"].includes(object.kind) &&
        !used.has(keyOf(identityOf(object))),
    );
  }
}

/** Empty ones too: an upgrade deletes none, and an uninstall has to know of them. */
async function namespacesLeft(
  cluster: Cluster,
  objects: readonly KubernetesObject[],
  inUse: readonly KubernetesObject[],
): Promise<KubernetesObject[]> {
  const used = new Set(inUse.map(object => keyOf(identityOf(object))));
  const left: KubernetesObject[] = [];
  for (const object of unique(objects)) {
    if (object.kind !== "Namespace" || used.has(keyOf(identityOf(object)))) continue;
    const live = await get(cluster, namespacePlace(object.metadata.name)).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 403)) throw error;
      return {};
    });
    if (live) left.push(asObject(identityOf(object)));
  }
  return left;
}

const unique = (objects: readonly KubernetesObject[]): KubernetesObject[] => [
  ...new Map(objects.map(object => [keyOf(identityOf(object)), object])).values(),
];

const asObject = ({ apiVersion, kind, namespace, name }: Identity): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
});
