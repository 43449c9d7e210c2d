// Grant: the least that an installer may do, derived from what it installs (SA-13, RT-16). Pure.
import type { KubernetesObject } from "../../components/kubernetes/object";
import type { SecretPlan } from "../../components/kubernetes/secret-plan";
import { type ResourceName, resourceNameOf } from "./resource-name";

/** A rule as a Role holds it. */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** What rights are derived from: a release as it is rendered for a place. */
export interface Granting {
  platformNamespace: string;
  objects: readonly KubernetesObject[];
  secrets: readonly Pick<SecretPlan, "namespace" | "name">[];
  /** Services that are asked whether they are well. */
  endpoints: readonly {
    namespace: string;
    service: string;
    exposure: "public" | "internal" | "none";
    port: number;
    scheme: "http" | "https";
  }[];
}

const rbac = "rbac.authorization.k8s.io";

/**
 * Whether an administrator applies it, and not the installer: what belongs to the whole cluster, and every right. So an installer
 * can hand out none, not even those it would need to hold itself, such as that of approving a release (CP-11).
 */
export function belongsToGrant({ apiVersion, metadata }: Pick<KubernetesObject, "apiVersion" | "metadata">): boolean {
  return metadata.namespace === undefined || apiVersion.startsWith(`${rbac}/`);
}

/** Namespaces of a release, the platform's first, then by name. */
export function namespacesIn({ platformNamespace, objects, secrets }: Granting): string[] {
  const own = objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
  const used = objects.flatMap(({ metadata }) => metadata.namespace ?? []);
  const all = new Set([...own, ...used, ...secrets.map(({ namespace }) => namespace)]);
  all.delete(platformNamespace);
  return [platformNamespace, ...[...all].toSorted()];
}

/** Rights in one namespace of the release. */
export function rulesIn(namespace: string, release: Granting): Rule[] {
  const here = release.objects.filter(object => object.metadata.namespace === namespace);
  const applied = here.filter(object => !belongsToGrant(object)).map(resourceNameOf);
  const core = (resource: string): ResourceName => ({ group: "", resource });
  const book = new Verbs();
  for (const name of [...applied, core("secrets")]) book.add(name, "get", "create", "patch", "delete");
  if (here.some(({ kind }) => kind === "StatefulSet" || kind === "PersistentVolumeClaim"))
    book.add(core("persistentvolumeclaims"), "get", "patch", "delete");
  // Whether a namespace still holds data is asked before it goes.
  book.add(core("persistentvolumeclaims"), "list");
  // Whether quotas of others leave room.
  book.add(core("resourcequotas"), "list");
  // Why something does not become ready; and what the support bundle tells.
  book.add(core("pods"), "get", "list");
  book.add(core("pods/log"), "get");
  book.add(core("events"), "list");
  // Those of a StatefulSet that never started would stay in the way of every later release.
  if (here.some(({ kind }) => kind === "StatefulSet")) book.add(core("pods"), "delete");
  book.add({ group: "apps", resource: "replicasets" }, "list");
  book.add({ group: "discovery.k8s.io", resource: "endpointslices" }, "list");
  // Tried without being made: whether the cluster refuses pods that may too much. Deployments can make pods anyway.
  book.add(core("pods"), "create");
  for (const resource of ["roles", "rolebindings"]) book.add({ group: rbac, resource }, "get");
  if (namespace === release.platformNamespace) {
    book.add(core("configmaps"), "get", "list", "create", "update", "patch", "delete");
    book.add({ group: "coordination.k8s.io", resource: "leases" }, "get", "create", "update", "delete");
  }
  return [...book.rules(), ...proxyRules(namespace, release)];
}

function proxyRules(namespace: string, { endpoints }: Granting): Rule[] {
  const asked = endpoints.filter(endpoint => endpoint.namespace === namespace && endpoint.exposure !== "none");
  if (asked.length === 0) return [];
  const names = asked.map(({ scheme, service, port }) => `${scheme === "https" ? "https:" : ""}${service}:${port}`);
  const resourceNames = [...new Set(names)].toSorted();
  return [{ apiGroups: [""], resources: ["services/proxy"], resourceNames, verbs: ["get"] }];
}

/** Rights outside the namespaces: to look at exactly what the release has or names there. */
export function clusterRules({ objects }: Granting): Rule[] {
  const named = new Map<string, { name: ResourceName; names: Set<string> }>();
  const add = (name: ResourceName, object: string) => {
    const key = `${name.group}/${name.resource}`;
    const entry = named.get(key) ?? { name, names: new Set() };
    entry.names.add(object);
    named.set(key, entry);
  };
  for (const object of objects)
    if (object.metadata.namespace === undefined) add(resourceNameOf(object), object.metadata.name);
  for (const name of storageClassesOf(objects)) add({ group: "storage.k8s.io", resource: "storageclasses" }, name);
  for (const name of ingressClassesOf(objects)) add({ group: "networking.k8s.io", resource: "ingressclasses" }, name);
  return [...named.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { name, names }]) => ({
      apiGroups: [name.group],
      resources: [name.resource],
      resourceNames: [...names].toSorted(),
      verbs: ["get"],
    }));
}

interface Claimed {
  storageClassName?: string;
  accessModes?: string[];
  resources?: { requests?: { storage?: string } };
}

/** Claims of volumes that a release makes, those of each StatefulSet too. */
export function claimsOf(objects: readonly KubernetesObject[]): { where: string; claim: Claimed; count: number }[] {
  return objects.flatMap(object => {
    const { kind, metadata } = object;
    const where = `${metadata.namespace ?? ""}/${metadata.name}`;
    if (kind === "PersistentVolumeClaim") return [{ where, claim: (object.spec ?? {}) as Claimed, count: 1 }];
    const spec = (object.spec ?? {}) as { volumeClaimTemplates?: { spec?: Claimed }[]; replicas?: number };
    if (kind !== "StatefulSet") return [];
    return (spec.volumeClaimTemplates ?? []).map(template => ({
      where,
      claim: template.spec ?? {},
      count: spec.replicas ?? 1,
    }));
  });
}

function storageClassesOf(objects: readonly KubernetesObject[]): string[] {
  return claimsOf(objects).flatMap(({ claim }) => claim.storageClassName ?? []);
}

export function ingressClassesOf(objects: readonly KubernetesObject[]): string[] {
  const classes = objects
    .filter(({ kind }) => kind === "Ingress")
    .flatMap(object => (object.spec as { ingressClassName?: string } | undefined)?.ingressClassName ?? []);
  return [...new Set(classes)];
}

const order = ["get", "list", "create", "update", "patch", "delete"];

/** Verbs by resource; resources with the same verbs make one rule. */
class Verbs {
  private readonly of = new Map<string, { name: ResourceName; verbs: Set<string> }>();

  add(name: ResourceName, ...verbs: string[]): void {
    const key = `${name.group}/${name.resource}`;
    const entry = this.of.get(key) ?? { name, verbs: new Set() };
    for (const verb of verbs) entry.verbs.add(verb);
    this.of.set(key, entry);
  }

  rules(): Rule[] {
    const rules = new Map<string, Rule>();
    for (const [, { name, verbs }] of [...this.of].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const sorted = order.filter(verb => verbs.has(verb));
      const key = `${name.group} ${sorted.join(",")}`;
      const rule = rules.get(key) ?? { apiGroups: [name.group], resources: [], verbs: sorted };
      rule.resources.push(name.resource);
      rules.set(key, rule);
    }
    return [...rules.values()];
  }
}
