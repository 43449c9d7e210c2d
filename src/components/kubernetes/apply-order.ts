// Kubernetes components: which object must be there before which. Pure; the engine and an installer go by the same order.
import { describe, type KubernetesObject } from "./object";
import { makesPods, referencesOf, variableTexts } from "./references";

/** What holds for all pods of a namespace from their first moment on. */
const boundsOfPods = ["NetworkPolicy", "ResourceQuota", "LimitRange", "RoleBinding", "SecurityGroupPolicy"];

/** Stores that a workload may have beside its services, by the names of their Services. */
const stores = ["postgres", "vectors", "object-store", "queue"];

/**
 * Keys, as `describe` makes them, of what each object waits for. A store is waited for until it is ready: a process that
 * finds none would end, and use up its budget of restarts (RT-4).
 * @param secrets Secrets that are made beside the objects.
 */
export function applyOrder(
  objects: readonly KubernetesObject[],
  secrets: readonly { name: string; namespace?: string }[] = [],
): Map<string, string[]> {
  const all = [...objects, ...secrets.map(metadata => ({ apiVersion: "v1", kind: "Secret", metadata }))];
  const known = new Set(all.map(describe));
  return new Map(all.map(object => [describe(object), waitsFor(object, objects).filter(key => known.has(key))]));
}

/**
 * What is needed first, first; otherwise as given.
 * @throws Error naming an object that waits for itself.
 */
export function inApplyOrder(
  objects: readonly KubernetesObject[],
  order: ReadonlyMap<string, readonly string[]>,
): KubernetesObject[] {
  const byKey = new Map(objects.map(object => [describe(object), object]));
  const done = new Set<KubernetesObject>();
  const visit = (object: KubernetesObject, way: readonly KubernetesObject[]) => {
    if (done.has(object)) return;
    if (way.includes(object))
      throw new Error(`${[...way, object].map(describe).join(" → ")}: objects wait in a circle`);
    for (const key of order.get(describe(object)) ?? []) {
      const needed = byKey.get(key);
      if (needed) visit(needed, [...way, object]);
    }
    done.add(object);
  };
  for (const object of objects) visit(object, []);
  return [...done];
}

function waitsFor(object: KubernetesObject, objects: readonly KubernetesObject[]): string[] {
  const { namespace } = object.metadata;
  const keys = new Set<string>();
  if (namespace) keys.add(key("Namespace", namespace));
  for (const { kind, name } of [...referencesOf(object), ...ownReferences(object)]) {
    keys.add(key(kind, name, namespace));
    keys.add(key(kind, name));
  }
  if (makesPods(object)) {
    const inNamespace = objects.filter(other => other.metadata.namespace === namespace && other !== object);
    for (const other of inNamespace) {
      if (boundsOfPods.includes(other.kind)) keys.add(describe(other));
      if (isStoreOf(object, other)) keys.add(describe(other));
    }
  }
  return [...keys];
}

function key(kind: string, name: string, namespace?: string): string {
  return namespace ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}

/** What an object without pods names: a binding its role, a claim its class. */
function ownReferences(object: KubernetesObject): { kind: string; name: string }[] {
  const { kind, roleRef, spec } = object as KubernetesObject & {
    roleRef?: { kind: string; name: string };
    spec?: { storageClassName?: string; policyName?: string };
  };
  if (roleRef) return [{ kind: roleRef.kind, name: roleRef.name }];
  if (kind === "PersistentVolumeClaim" && spec?.storageClassName)
    return [{ kind: "StorageClass", name: spec.storageClassName }];
  if (kind === "ValidatingAdmissionPolicyBinding" && spec?.policyName)
    return [{ kind: "ValidatingAdmissionPolicy", name: spec.policyName }];
  return [];
}

/** Whether the variables of a service name the host of a store. */
function isStoreOf(object: KubernetesObject, other: KubernetesObject): boolean {
  const { name, namespace } = other.metadata;
  if (!makesPods(other) || !stores.includes(name) || stores.includes(object.metadata.name)) return false;
  const host = new RegExp(`(^|[^a-z0-9-])${name}\\.${namespace}\\.svc`);
  return variableTexts(object).some(text => host.test(text));
}
