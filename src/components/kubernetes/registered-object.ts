// Kubernetes components: one object as a resource of the stack, by the SDK's class of its kind. Decides nothing about what is in it.
import type * as pulumi from "@pulumi/pulumi";
import { classOf } from "./kinds";
import type { KubernetesObject } from "./object";

/** Its name in the stack derives from the namespace, or else `component`, and stays for the life of the object. */
export function registerObject(
  component: string,
  object: KubernetesObject,
  options: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  const { apiVersion, kind, ...rest } = object;
  const { namespace, name } = object.metadata;
  const Class = classOf(object);
  const known = Class.name === "CustomResource" ? { apiVersion, kind, ...rest } : rest;
  return new Class(`${namespace ?? component}-${kind.toLowerCase()}-${name}`, known, options);
}
