// Kubernetes components: from a kind to the class of the SDK that registers it. Each class is loaded when first asked for.
import { createRequire } from "node:module";
import type * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject } from "./object";

/** Modules below `@pulumi/kubernetes/`; the whole package takes seconds to load. */
const modules: Record<string, string> = {
  "v1/ConfigMap": "core/v1/configMap",
  "v1/LimitRange": "core/v1/limitRange",
  "v1/Namespace": "core/v1/namespace",
  "v1/PersistentVolume": "core/v1/persistentVolume",
  "v1/PersistentVolumeClaim": "core/v1/persistentVolumeClaim",
  "v1/ResourceQuota": "core/v1/resourceQuota",
  "v1/Service": "core/v1/service",
  "v1/ServiceAccount": "core/v1/serviceAccount",
  "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy": "admissionregistration/v1/validatingAdmissionPolicy",
  "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding":
    "admissionregistration/v1/validatingAdmissionPolicyBinding",
  "apps/v1/DaemonSet": "apps/v1/daemonSet",
  "apps/v1/Deployment": "apps/v1/deployment",
  "apps/v1/StatefulSet": "apps/v1/statefulSet",
  "autoscaling/v2/HorizontalPodAutoscaler": "autoscaling/v2/horizontalPodAutoscaler",
  "batch/v1/CronJob": "batch/v1/cronJob",
  "batch/v1/Job": "batch/v1/job",
  "coordination.k8s.io/v1/Lease": "coordination/v1/lease",
  "networking.k8s.io/v1/Ingress": "networking/v1/ingress",
  "networking.k8s.io/v1/NetworkPolicy": "networking/v1/networkPolicy",
  "policy/v1/PodDisruptionBudget": "policy/v1/podDisruptionBudget",
  "rbac.authorization.k8s.io/v1/ClusterRole": "rbac/v1/clusterRole",
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": "rbac/v1/clusterRoleBinding",
  "rbac.authorization.k8s.io/v1/Role": "rbac/v1/role",
  "rbac.authorization.k8s.io/v1/RoleBinding": "rbac/v1/roleBinding",
  "scheduling.k8s.io/v1/PriorityClass": "scheduling/v1/priorityClass",
};

/** What all classes of the SDK have in common. */
export type ObjectClass = new (
  name: string,
  object: Record<string, unknown>,
  options: pulumi.CustomResourceOptions,
) => pulumi.CustomResource;

/** Class of a kind; `CustomResource` for what only a definition in the cluster makes known. */
export function classOf({ apiVersion, kind }: Pick<KubernetesObject, "apiVersion" | "kind">): ObjectClass {
  const file = modules[`${apiVersion}/${kind}`] ?? "apiextensions/customResource";
  const name = file === "apiextensions/customResource" ? "CustomResource" : kind;
  const loaded = createRequire(__filename)(`@pulumi/kubernetes/${file}`) as Record<string, ObjectClass>;
  const found = loaded[name];
  if (!found) throw new Error(`\`@pulumi/kubernetes/${file}\` has no class \`${name}\``);
  return found;
}
