// Kubernetes plugin: from a Pulumi type to an API version and a kind. What is not an object of the API is refused by name.

import { type JsonObject, textAt } from "../../src/kubernetes/json";
import type { ApiKind } from "../../src/kubernetes/kind";

/** Rooms of the SDK that hold no object of the API. */
const OTHER_ROOMS: Record<string, string> = {
  "helm.sh": "Helm charts and releases",
  kustomize: "Kustomize directories",
  yaml: "YAML files and groups",
};

/** Built-in kinds that belong to no namespace; of others the server is asked. */
const CLUSTER_KINDS = new Set([
  ...["APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding"],
  ...["ClusterTrustBundle", "ComponentStatus", "CustomResourceDefinition", "DeviceClass", "FlowSchema", "IPAddress"],
  ...["IngressClass", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration"],
  ...["Namespace", "Node", "PersistentVolume", "PodSecurityPolicy", "PriorityClass", "PriorityLevelConfiguration"],
  ...["ResourceSlice", "RuntimeClass", "ServiceCIDR", "StorageClass", "StorageVersionMigration"],
  ...["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration"],
  ...["VolumeAttachment", "VolumeAttributesClass"],
]);

/** The middle part of a URN's type chain: `kubernetes:apps/v1:Deployment`. */
function typeOfUrn(urn: string): string {
  return (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";
}

/** The name a resource has in the program. */
export function nameOfUrn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/**
 * The API version and kind of a resource: as its inputs say, else as its type says.
 * @throws Error naming a type that is no single object of the API
 */
export function apiKind(urn: string, inputs: JsonObject): ApiKind {
  const type = typeOfUrn(urn);
  const [packageName, room = "", name = ""] = type.split(":");
  if (packageName !== "kubernetes" || !room || !name) throw new Error(`\`${type}\` is not a type of this plugin`);
  const [group = "", version] = room.split("/");
  const refused = OTHER_ROOMS[group];
  if (refused) throw unsupported(type, refused);
  const ofType = { apiVersion: group === "core" ? (version ?? "v1") : room, kind: name };
  const kind = textAt(inputs, "kind") || ofType.kind;
  if (name.endsWith("Patch") && !textAt(inputs, "kind").endsWith("Patch"))
    throw unsupported(type, "patches of objects that others made");
  if (name.endsWith("List")) throw unsupported(type, "lists; declare each object by its own type");
  const apiVersion = textAt(inputs, "apiVersion") || ofType.apiVersion;
  return { apiVersion: apiVersion.replace(/^core\//, ""), kind };
}

function unsupported(type: string, what: string): Error {
  return new Error(
    `\`${type}\`: this build of the kubernetes plugin does not do ${what}. ` +
      "Where the official plugin can be had, `pulumi plugin install resource kubernetes` brings it.",
  );
}

/** A group that Kubernetes itself serves; all others are custom resources. */
export function isBuiltIn(apiVersion: string): boolean {
  const [group = "", version] = apiVersion.split("/");
  if (version === undefined) return true;
  return !group.includes(".") || (group.endsWith(".k8s.io") && BUILT_IN_GROUPS.has(group));
}

const BUILT_IN_GROUPS = new Set(
  [
    ...["admissionregistration", "apiextensions", "apiregistration", "auditregistration", "authentication"],
    ...["authorization", "certificates", "coordination", "discovery", "events", "flowcontrol.apiserver"],
    ...["internal.apiserver", "lifecycle", "networking", "node", "rbac.authorization", "resource", "scheduling"],
    ...["settings", "storage", "storagemigration"],
  ].map(group => `${group}.k8s.io`),
);

/** Whether objects of a built-in kind lie in a namespace; undefined for others. */
export function isNamespacedBuiltIn({ apiVersion, kind }: ApiKind): boolean | undefined {
  return isBuiltIn(apiVersion) ? !CLUSTER_KINDS.has(kind) : undefined;
}
