// Kubernetes: one object in the cluster: read, apply with conflicts reported, delete.
import type { Api, ApiRequest } from "./client";
import { type Discovery, pathOf } from "./discovery";
import { ApiError } from "./errors";
import { type JsonObject, nameOf, namespaceOf } from "./json";
import type { ApiKind } from "./kind";
import { encodeStringData } from "./secret";

export interface Cluster {
  api: Api;
  discovery: Discovery;
}

/** Where an object lies. */
export interface Place extends ApiKind {
  path: string;
  name: string;
  /** Empty for objects of the whole cluster. */
  namespace: string;
}

/** The place of an object, or undefined where the server does not serve its kind. */
export async function placeOf(cluster: Cluster, kind: ApiKind, object: JsonObject): Promise<Place | undefined> {
  const resource = await cluster.discovery.find(kind);
  if (!resource) return undefined;
  const namespace = resource.namespaced ? namespaceOf(object) || cluster.api.namespace : "";
  const name = nameOf(object);
  return { ...kind, name, namespace, path: pathOf(kind, resource, namespace, name) };
}

export const idOf = ({ namespace, name }: Place): string => (namespace ? `${namespace}/${name}` : name);

/** How people call an object: `Deployment prod/web`. */
export const titleOf = (place: Place): string => `${place.kind} ${idOf(place)}`;

/** A kubectl command about an object. */
export function kubectl(verb: string, place: Place, options = ""): string {
  const group = place.apiVersion.includes("/") ? `.${place.apiVersion.split("/")[0]}` : "";
  const where = place.namespace ? ` -n ${place.namespace}` : "";
  return `kubectl ${verb} ${place.kind.toLowerCase()}${group} ${place.name}${where}${options}`;
}

/** The object, or undefined where there is none. */
export async function get(
  { api }: Cluster,
  place: Place,
  how: Pick<ApiRequest, "signal" | "attempts"> = {},
): Promise<JsonObject | undefined> {
  return api.send({ method: "GET", path: place.path, ...how }).catch((error: unknown) => {
    if (error instanceof ApiError && error.isNotFound) return undefined;
    throw error;
  });
}

export interface Applying {
  manager: string;
  /** Ask the server what it would do, and change nothing. */
  dryRun: boolean;
  /** Take fields from whoever owns them. */
  force: boolean;
}

/** Applies by server-side apply and returns what the server made of it. */
export function apply({ api }: Cluster, place: Place, object: JsonObject, how: Applying): Promise<JsonObject> {
  return api.send({
    method: "PATCH",
    path: place.path,
    query: { fieldManager: how.manager, force: String(how.force), ...(how.dryRun ? { dryRun: "All" } : {}) },
    contentType: "application/apply-patch+yaml",
    body: { ...encodeStringData(object), apiVersion: place.apiVersion, kind: place.kind },
  });
}

/** Gives up all that a manager owns of an object; fields nobody else owns would vanish, so another applies them first. */
export function relinquish(cluster: Cluster, place: Place, manager: string): Promise<JsonObject> {
  const metadata: JsonObject = { name: place.name, ...(place.namespace ? { namespace: place.namespace } : {}) };
  return apply(cluster, place, { metadata }, { manager, dryRun: false, force: false });
}

/** A field of an object that somebody else owns. */
export interface Claim {
  /** As the server writes it: `.spec.replicas`. */
  field: string;
  manager: string;
}

export function claims(conflict: ApiError): Claim[] {
  return conflict.causes
    .filter(cause => cause.reason === "FieldManagerConflict")
    .map(({ field, message }) => ({ field, manager: /conflict with "([^"]*)"/.exec(message)?.[1] ?? message }));
}

/**
 * The report of a conflict: who owns what, and what can be done.
 * @param setter who sets the fields: `the program`
 * @param wayOut what the reader may do about it
 */
export function conflictText(place: Place, setter: string, found: readonly Claim[], wayOut: string): string {
  const fields = found.map(({ field, manager }) => `  ${field} belongs to \`${manager}\``).join("\n");
  return (
    `${titleOf(place)}: what ${setter} sets belongs to another field manager:\n${fields}\n` +
    `See the values: \`${kubectl("get", place, " -o yaml --show-managed-fields")}\`. ${wayOut}`
  );
}
