// Kubernetes components: the order objects are applied in: bounds and policies before whatever they bind, controllers last. Pure.
import { describe, type KubernetesObject } from "./object";
import type { SecretPlan } from "./secret-plan";

const first = [
  "Namespace",
  "ResourceQuota",
  "LimitRange",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "NetworkPolicy",
  "SecurityGroupPolicy",
  "ServiceAccount",
  "Role",
  "RoleBinding",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "ConfigMap",
  "Lease",
  "Service",
];

/** Of a kind that is not named, among the controllers and in the order it came. */
export function inOrder(objects: readonly KubernetesObject[]): KubernetesObject[] {
  const rank = ({ kind }: KubernetesObject) => (first.includes(kind) ? first.indexOf(kind) : first.length);
  return [...objects].sort((a, b) => rank(a) - rank(b));
}

/** @throws Error naming an object or a Secret that two parts make. */
export function requireOnce(objects: readonly KubernetesObject[], secrets: readonly SecretPlan[]): void {
  const names = [
    ...objects.map(object => `${object.apiVersion.replace(/\/.*/, "")} ${describe(object)}`),
    ...secrets.map(({ namespace, name }) => `Secret ${namespace}/${name}`),
  ];
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice) throw new Error(`\`${twice}\` is made by two parts of the workload`);
}
