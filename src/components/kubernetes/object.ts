// Kubernetes components: an object as the API server takes it. Pure functions make them; thin components register them (PF-1, PF-9).
import type * as pulumi from "@pulumi/pulumi";

export interface ObjectMeta {
  name: string;
  /** Left out by objects that belong to the whole cluster. */
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** Any leaf may be an output of the engine: the host of a managed database, say. Never a secret's value: see `SecretPlan`. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** A value that may be known only once something else exists. */
export type Value = pulumi.Input<string>;

/** What is common to all objects of one workload in one stack; selectors use `name`, `part-of` and nothing that changes. */
export function labelsOf(workload: string, part: string): Record<string, string> {
  return {
    "app.kubernetes.io/name": part,
    "app.kubernetes.io/part-of": workload,
    "app.kubernetes.io/managed-by": "palisade",
  };
}

/** Labels that pods of a part are selected by: they stay the same for the life of its Deployment. */
export function selectorOf(workload: string, part: string): Record<string, string> {
  return { "app.kubernetes.io/name": part, "app.kubernetes.io/part-of": workload };
}

/** Identity of an object in messages and as a key: `Deployment sanctum-dev/backend`. */
export function describe({ kind, metadata: { namespace, name } }: KubernetesObject): string {
  return namespace ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}
