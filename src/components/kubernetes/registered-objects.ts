// Kubernetes components: objects as resources of the stack, each after what it needs. Decides nothing about what is in them.
import { createHmac } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { applyOrder, inApplyOrder } from "./apply-order";
import { describe, type KubernetesObject } from "./object";
import { makesPods, referencesOf, secretKeyOf } from "./references";
import { registerObject } from "./registered-object";
import { type SecretPlan, secretsAnnotation } from "./secret-plan";
import { WorkloadSecretValues, type WorkloadSecretValuesArgs } from "./secret-values";

export interface RegisteredObjectsArgs extends Pick<WorkloadSecretValuesArgs, "supplied" | "authorities"> {
  objects: readonly KubernetesObject[];
  secrets: readonly SecretPlan[];
  /** What must stand before the first pod is made, and stay until the last is gone; the other objects do not wait for it. */
  beforePods?: readonly pulumi.Resource[];
}

/**
 * Ready in a sense that comes only later, or never: a Service with its first ready pod, an Ingress with its address, a
 * claim with its first pod. The pods themselves are waited for.
 */
const notAwaited = ["Service", "Ingress", "PersistentVolumeClaim"];

/**
 * Made after the Secrets if nothing waits for them. Secrets wait for passwords and certificates, and pods for Secrets, while
 * the engine writes its state down at every step, one step at a time: what is wanted last would be in the way of all that.
 */
const canWait = ["ConfigMap", "HorizontalPodAutoscaler", "PodDisruptionBudget"];

/** Registers objects and Secrets as children of `parent`. Names derive from the namespace, or else `component`, and stay for the life of an object. */
export function registerObjects(component: string, args: RegisteredObjectsArgs, parent: pulumi.Resource): void {
  const order = applyOrder(args.objects, args.secrets);
  const registered = new Map<string, pulumi.Resource>();
  const waits = (key: string) => (order.get(key) ?? []).flatMap(name => registered.get(name) ?? []);

  for (const object of args.objects.filter(isNamespace)) register(object, []);
  const values = new WorkloadSecretValues(
    component,
    { ...args, plans: args.secrets, dependsOn: plan => waits(describe(secretObject(plan))) },
    { parent },
  );
  for (const plan of args.secrets) {
    const secret = values.secrets.get(secretKeyOf(plan));
    if (secret) registered.set(describe(secretObject(plan)), secret);
  }
  const secrets = [...values.secrets.values()];
  const awaited = new Set([...order.values()].flat());
  const checksum = checksumOf(component, values, parent);
  for (const object of inApplyOrder(
    args.objects.filter(other => !isNamespace(other)),
    order,
  ))
    register(object, [
      ...waits(describe(object)),
      ...(makesPods(object) ? (args.beforePods ?? []) : []),
      ...(canWait.includes(object.kind) && !awaited.has(describe(object)) ? secrets : []),
    ]);

  function register(object: KubernetesObject, dependsOn: pulumi.Resource[]): void {
    const resource = registerObject(component, withAnnotations(withChecksum(object)), { parent, dependsOn });
    registered.set(describe(object), resource);
  }

  function withChecksum(object: KubernetesObject): KubernetesObject {
    if (!makesPods(object)) return object;
    const used = referencesOf(object)
      .filter(({ kind }) => kind === "Secret")
      .map(({ name }) => secretKeyOf({ namespace: object.metadata.namespace, name }))
      .filter(key => values.contents.has(key));
    return used.length === 0 ? object : annotatePods(object, { [secretsAnnotation]: checksum(used) });
  }
}

const isNamespace = ({ kind }: KubernetesObject) => kind === "Namespace";

const secretObject = ({ name, namespace }: SecretPlan) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace },
});

/** A keyed hash: who reads an annotation cannot try out what a short secret may be. */
function checksumOf(component: string, { contents }: WorkloadSecretValues, parent: pulumi.Resource) {
  if (contents.size === 0) return () => pulumi.output("");
  const key = new RandomPassword(`${component}-checksum-key`, { length: 48, special: false }, { parent }).result;
  return (secrets: readonly string[]): pulumi.Output<string> => {
    const used = secrets.flatMap(name => contents.get(name) ?? []);
    const sum = pulumi
      .all([key, pulumi.all(used)])
      .apply(([secret, all]) => createHmac("sha256", secret).update(JSON.stringify(all)).digest("hex").slice(0, 32));
    return pulumi.unsecret(sum);
  };
}

/** The platform owns its objects: a field that somebody else has set is taken back (RT-13). */
function withAnnotations(object: KubernetesObject): KubernetesObject {
  const annotations = {
    ...object.metadata.annotations,
    "pulumi.com/patchForce": "true",
    ...(notAwaited.includes(object.kind) && { "pulumi.com/skipAwait": "true" }),
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

interface PodTemplate {
  metadata?: { annotations?: Record<string, pulumi.Input<string>> };
}

/** The object with annotations added to its pods; those of a CronJob live for one run and see each new value anyway. */
function annotatePods(object: KubernetesObject, annotations: Record<string, pulumi.Input<string>>): KubernetesObject {
  const spec = object.spec as { template?: PodTemplate } | undefined;
  const template = spec?.template;
  if (!template) return object;
  const metadata = { ...template.metadata, annotations: { ...template.metadata?.annotations, ...annotations } };
  return { ...object, spec: { ...spec, template: { ...template, metadata } } };
}
