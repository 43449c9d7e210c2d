// Kubernetes plugin: fields the API never lets change, by kind. A change of one replaces the object.

import { type JsonObject, type Path, parsePath, type Step } from "../../src/kubernetes/json";
import type { ApiKind } from "../../src/kubernetes/kind";
import type { Settings } from "./config";

interface Rule {
  /** Paths below which nothing may change. */
  fixed: string[];
  /** Paths that may, all the same. */
  except?: string[];
}

const identity = ["kind", "metadata.name", "metadata.namespace"];
const podTemplateOwner: Rule = { fixed: ["spec.selector"] };
const roleBinding: Rule = { fixed: ["roleRef"] };

/** By `<group>/<kind>`; the group of core objects is empty. Names as in the API reference. */
const RULES: Readonly<Record<string, Rule>> = {
  "apps/Deployment": podTemplateOwner,
  "apps/DaemonSet": podTemplateOwner,
  "apps/ReplicaSet": podTemplateOwner,
  "apps/StatefulSet": {
    fixed: ["spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates"],
  },
  "batch/Job": { fixed: ["spec.selector", "spec.template", "spec.completions", "spec.completionMode"] },
  "/Pod": { fixed: ["spec"], except: ["spec.activeDeadlineSeconds", "spec.tolerations"] },
  "/Service": { fixed: ["spec.clusterIP"] },
  "/PersistentVolumeClaim": {
    fixed: ["spec"],
    except: ["spec.resources.requests.storage", "spec.volumeAttributesClassName"],
  },
  "/PersistentVolume": {
    fixed: ["spec"],
    except: [
      ...["spec.capacity", "spec.accessModes", "spec.persistentVolumeReclaimPolicy", "spec.storageClassName"],
      ...["spec.mountOptions", "spec.claimRef", "spec.volumeAttributesClassName"],
    ],
  },
  "/ResourceQuota": { fixed: ["spec.scopes", "spec.scopeSelector"] },
  "/Secret": { fixed: ["type"] },
  "rbac.authorization.k8s.io/RoleBinding": roleBinding,
  "rbac.authorization.k8s.io/ClusterRoleBinding": roleBinding,
  "storage.k8s.io/StorageClass": {
    fixed: ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"],
  },
  "scheduling.k8s.io/PriorityClass": { fixed: ["value", "preemptionPolicy"] },
  "networking.k8s.io/IngressClass": { fixed: ["spec.controller"] },
  "node.k8s.io/RuntimeClass": { fixed: ["handler"] },
};

/** What the values of a Secret and a ConfigMap lie in. Replaced as the official provider does, unless settings allow change. */
const VALUES: Readonly<Record<string, string[]>> = {
  "/ConfigMap": ["data", "binaryData", "immutable"],
  "/Secret": ["data", "stringData", "immutable"],
};

/** A predicate over paths: whether a change there replaces the object. */
export function fixedFields(
  { apiVersion, kind }: ApiKind,
  old: JsonObject,
  settings: Pick<Settings, "enableConfigMapMutable" | "enableSecretMutable">,
): (path: Path) => boolean {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  const key = `${group}/${kind}`;
  const rule = RULES[key];
  const mutable = key === "/Secret" ? settings.enableSecretMutable : settings.enableConfigMapMutable;
  const values =
    old.immutable !== true && mutable
      ? []
      : (VALUES[key] ?? []).filter(v => v !== "immutable" || old.immutable === true);
  const fixed = [...identity, ...(rule?.fixed ?? []), ...values].map(parsePath);
  const except = (rule?.except ?? []).map(parsePath);
  return path =>
    fixed.some(field => begins(path, field) || begins(field, path)) && !except.some(field => begins(path, field));
}

/** Whether `path` is `start` or lies below it; a step `*` stands for any. */
export function begins(path: Path, start: readonly Step[]): boolean {
  return start.length <= path.length && start.every((step, i) => step === "*" || step === path[i]);
}
