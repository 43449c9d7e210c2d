// Kubernetes components: what the pods of an object use of their namespace: Secrets, ConfigMaps, claims, accounts. Pure.
import type { KubernetesObject } from "./object";

/** Kinds whose `spec.template` makes pods; a CronJob's lies deeper. */
const podKinds = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];

export function makesPods({ kind }: Pick<KubernetesObject, "kind">): boolean {
  return podKinds.includes(kind);
}

/** `namespace/name`, as Secrets are found by. */
export function secretKeyOf({ namespace, name }: { namespace?: string; name: string }): string {
  return `${namespace ?? ""}/${name}`;
}

/** How a pod's specification names what it uses: the field around the name, the field of the name, the kind. */
const places: readonly [around: string, field: string, kind: string][] = [
  ["secretKeyRef", "name", "Secret"],
  ["secretRef", "name", "Secret"],
  ["secret", "secretName", "Secret"],
  // In a projected volume.
  ["secret", "name", "Secret"],
  ["configMapKeyRef", "name", "ConfigMap"],
  ["configMapRef", "name", "ConfigMap"],
  ["configMap", "name", "ConfigMap"],
  ["persistentVolumeClaim", "claimName", "PersistentVolumeClaim"],
];

export interface Reference {
  kind: string;
  name: string;
}

/** Everything that the pods of an object use, each once; nothing for an object without pods. */
export function referencesOf(object: KubernetesObject): Reference[] {
  if (!makesPods(object)) return [];
  const found = new Map<string, Reference>();
  const add = (kind: string, name: unknown) => {
    if (typeof name === "string") found.set(`${kind} ${name}`, { kind, name });
  };
  walk(object.spec, (field, value) => {
    for (const [around, inner, kind] of places)
      if (field === around && isRecord(value) && inner in value) add(kind, value[inner]);
    if (field === "serviceAccountName") add("ServiceAccount", value);
    if (field === "priorityClassName") add("PriorityClass", value);
    if (field === "imagePullSecrets" && Array.isArray(value))
      for (const entry of value) if (isRecord(entry)) add("Secret", entry.name);
  });
  return [...found.values()];
}

/** Every text among the values of the variables of its pods; an output of the engine is none. */
export function variableTexts(object: KubernetesObject): string[] {
  const texts: string[] = [];
  if (makesPods(object))
    walk(object.spec, (field, value) => {
      if (field === "env" && Array.isArray(value))
        for (const entry of value) if (isRecord(entry) && typeof entry.value === "string") texts.push(entry.value);
    });
  return texts;
}

function walk(node: unknown, visit: (field: string, value: unknown) => void): void {
  if (Array.isArray(node)) for (const element of node) walk(element, visit);
  if (!isRecord(node)) return;
  for (const [field, value] of Object.entries(node)) {
    visit(field, value);
    walk(value, visit);
  }
}

/** A plain mapping: what the engine will know later, such as an output, is none. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
