// Grant: what an administrator applies once, so that the installer then needs rights in its own namespaces only (SA-13, RT-16). Pure.
import type { KubernetesObject } from "../../components/kubernetes/object";
import { manifestsText } from "../render/manifests";
import { belongsToGrant, clusterRules, type Granting, namespacesIn, type Rule, rulesIn } from "./rules";
import { installerAccount, type Subject } from "./subject";

export interface GrantOptions {
  /** Default: an account of the installer's own, in the platform's namespace, which the grant makes. */
  subject?: Subject;
  /** Secret of the customer's store that supplied values are read from; see src/onprem/secrets. */
  secretsFrom?: { namespace: string; name: string };
  /** Objects of releases that were installed before, in namespaces that are there: what was applied once has to be removable. */
  earlier?: readonly KubernetesObject[];
  /** What to tell whoever reads the YAML; one line. */
  note?: string;
}

/** The release's own objects that only an administrator may apply, in the order given. */
export function grantedObjects(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return objects.filter(belongsToGrant);
}

/** Name of the ClusterRole, which environments in one cluster do not share. */
const clusterRoleName = (platformNamespace: string): string => `${installerAccount}-${platformNamespace}`;

/** All objects of the grant: namespaces first, so that applying them in this order works. */
export function grantObjects(release: Granting, options: GrantOptions = {}): KubernetesObject[] {
  const { platformNamespace } = release;
  const { subject = { kind: "ServiceAccount", namespace: platformNamespace, name: installerAccount } } = options;
  const all: Granting = { ...release, objects: [...release.objects, ...(options.earlier ?? [])] };
  const of = grantedObjects(release.objects);
  const clusterRole = clusterRoleName(platformNamespace);
  return [
    ...of.filter(isNamespace),
    ...(options.subject ? [] : [account(platformNamespace)]),
    ...of.filter(object => !isNamespace(object)),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: clusterRole, labels },
      rules: clusterRules(all),
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: clusterRole, labels },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: clusterRole },
      subjects: [subject],
    },
    ...namespacesIn(all).flatMap(namespace =>
      roleAndBinding(namespace, installerAccount, rulesIn(namespace, all), subject),
    ),
    ...storeObjects(release, options, subject),
  ];
}

/** The grant as YAML for `kubectl apply -f -`, and for whoever reads it first. */
export function grantText(release: Granting, options: GrantOptions = {}): string {
  const { note } = options;
  return `${note === undefined ? "" : `# ${note}\n`}${manifestsText(grantObjects(release, options))}`;
}

/** `palisade.dev/record` would be taken for a record of a release; this says only whose it is. */
const labels = { "app.kubernetes.io/name": installerAccount, "app.kubernetes.io/part-of": "palisade" };

const isNamespace = ({ kind }: KubernetesObject): boolean => kind === "Namespace";

function account(namespace: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: installerAccount, namespace, labels },
    automountServiceAccountToken: false,
  };
}

function roleAndBinding(namespace: string, name: string, rules: Rule[], subject: Subject): KubernetesObject[] {
  const metadata = { name, namespace, labels };
  return [
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata, rules },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [subject],
    },
  ];
}

/** One Secret of the customer's, and nothing else of that namespace. */
function storeObjects(release: Granting, { secretsFrom }: GrantOptions, subject: Subject): KubernetesObject[] {
  if (!secretsFrom || namespacesIn(release).includes(secretsFrom.namespace)) return [];
  const { namespace, name } = secretsFrom;
  const rules: Rule[] = [{ apiGroups: [""], resources: ["secrets"], resourceNames: [name], verbs: ["get"] }];
  return roleAndBinding(namespace, `${clusterRoleName(release.platformNamespace)}-secrets`, rules, subject);
}
