// Kubernetes plugin: making an object. One that exists already is somebody else's, unless this very resource applied it.

import { ApiError } from "../../src/kubernetes/errors";
import { annotation, type JsonObject, listAt, textAt } from "../../src/kubernetes/json";
import {
  apply,
  type Cluster,
  claims,
  get,
  idOf,
  kubectl,
  type Place,
  placeOf,
  titleOf,
} from "../../src/kubernetes/objects";
import { programConflict } from "./conflict";
import type { Context } from "./context";
import { fieldManager } from "./naming";
import { render } from "./render";
import { apiKind } from "./tokens";
import { ready } from "./unfinished";
import { hasUnknown, type Properties } from "./wire";

export interface CreateRequest {
  urn: string;
  inputs: Properties;
  preview: boolean;
  /** Seconds to wait for readiness; 0 for the object's own or the default. */
  timeoutS: number;
}

export interface Created {
  id: string;
  live: JsonObject;
  manager: string;
}

/** @throws Unfinished if the object was made and did not become ready */
export async function create(context: Context, request: CreateRequest): Promise<Created> {
  const inputs = request.inputs.value;
  const manager = fieldManager(request.urn, inputs);
  const kind = apiKind(request.urn, inputs);
  if (context.settings.renderYamlToDirectory) return rendered(context, request, manager);
  const cluster = await context.cluster();
  if (request.preview && hasUnknown(inputs)) return { id: "", live: inputs, manager };
  const place = await placeOf(cluster, kind, inputs);
  if (!place) {
    if (request.preview) return { id: "", live: inputs, manager };
    throw new Error(notServed(cluster, kind.apiVersion, kind.kind));
  }
  const existing = await get(cluster, place);
  const isReplaced = existing !== undefined && isOurs(existing, manager);
  if (existing && !isReplaced && !context.settings.upsertExistingObjects) throw new Error(exists(place));
  // The preview of a replacement that deletes first: the old object still stands where the new one would.
  if (request.preview && isReplaced) return { id: "", live: inputs, manager };
  const force =
    request.preview || context.settings.enablePatchForce || annotation(inputs, "pulumi.com/patchForce") === "true";
  const live = await applied(cluster, place, inputs, { manager, dryRun: request.preview, force });
  if (request.preview) return { id: "", live: withoutStatus(live ?? inputs), manager };
  if (!live) throw new Error(`${titleOf(place)} was not made`);
  if (kind.kind === "CustomResourceDefinition") cluster.discovery.forget();
  const settled = await ready({
    context,
    cluster,
    place,
    urn: request.urn,
    live,
    inputs,
    manager,
    timeoutS: request.timeoutS,
  });
  return { id: idOf(place), live: settled, manager };
}

/** In a preview, undefined where the answer only says that something this update makes is not there yet. */
async function applied(
  cluster: Cluster,
  place: Place,
  inputs: JsonObject,
  how: { manager: string; dryRun: boolean; force: boolean },
): Promise<JsonObject | undefined> {
  try {
    return await apply(cluster, place, inputs, how);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.isConflict) throw new Error(programConflict(place, claims(error)));
    // A missing namespace, service account or class, or no right to try: the update itself will tell.
    if (how.dryRun && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

async function rendered(context: Context, request: CreateRequest, manager: string): Promise<Created> {
  const inputs = request.inputs.value;
  if (request.preview) return { id: "", live: inputs, manager };
  const file = await render(context.settings.renderYamlToDirectory, inputs);
  context.host.status(request.urn, `rendered ${file}`);
  const namespace = textAt(inputs, "metadata", "namespace");
  const name = textAt(inputs, "metadata", "name");
  return { id: namespace ? `${namespace}/${name}` : name, live: inputs, manager };
}

/** Applied by this very resource in an update that ended before it could be written down. */
function isOurs(live: JsonObject, manager: string): boolean {
  return listAt(live, "metadata", "managedFields").some(
    entry => textAt(entry, "manager") === manager && textAt(entry, "operation") === "Apply",
  );
}

function exists(place: Place): string {
  return (
    `${titleOf(place)} exists already and is not of this stack. ` +
    `Take it into the stack with \`pulumi import\` (id \`${idOf(place)}\`) or with \`upsertExistingObjects\` of the provider, ` +
    `choose another name, or delete it: \`${kubectl("delete", place)}\``
  );
}

export function notServed(cluster: Cluster, apiVersion: string, kind: string): string {
  return (
    `the cluster at ${cluster.api.server} does not serve ${apiVersion} ${kind}. If it is a custom resource, its ` +
    "definition must be made first (`dependsOn`). See what there is: `kubectl api-resources`"
  );
}

function withoutStatus(live: JsonObject): JsonObject {
  const { status: _, ...rest } = live;
  return rest;
}
