// Kubernetes plugin: changing an object by server-side apply. What others own is reported, not taken.
import { haltedRelease } from "../../src/kubernetes/await/verdict";
import { ApiError } from "../../src/kubernetes/errors";
import { annotation, at, equal, type JsonObject, type Step, withAt } from "../../src/kubernetes/json";
import { apply, type Cluster, claims, get, type Place, placeOf, relinquish } from "../../src/kubernetes/objects";
import { isShownHandiwork, programConflict } from "./conflict";
import type { Context } from "./context";
import { notServed } from "./create";
import { fieldManager } from "./naming";
import { render } from "./render";
import type { Recorded } from "./state";
import { apiKind } from "./tokens";
import { ready } from "./unfinished";
import { hasUnknown, type Properties } from "./wire";

export interface UpdateRequest {
  urn: string;
  recorded: Recorded;
  next: Properties;
  preview: boolean;
  timeoutS: number;
  ignored: Step[][];
}

export interface Updated {
  live: JsonObject;
  manager: string;
}

/** @throws Unfinished if the object was changed and did not become ready */
export async function update(context: Context, request: UpdateRequest): Promise<Updated> {
  const inputs = request.next.value;
  const kind = apiKind(request.urn, inputs);
  const manager = fieldManager(request.urn, inputs, request.recorded.manager);
  if (context.settings.renderYamlToDirectory) {
    if (!request.preview) {
      const file = await render(context.settings.renderYamlToDirectory, inputs);
      context.host.status(request.urn, `rendered ${file}`);
    }
    return { live: inputs, manager };
  }
  const cluster = await context.cluster();
  if (request.preview && hasUnknown(inputs)) return { live: inputs, manager };
  const place = await placeOf(cluster, kind, inputs);
  if (!place) {
    if (request.preview) return { live: inputs, manager };
    throw new Error(notServed(cluster, kind.apiVersion, kind.kind));
  }
  const wanted = await withoutIgnored(cluster, place, inputs, request.ignored);
  const before = request.preview ? undefined : await get(cluster, place);
  const live = await applied(context, cluster, place, wanted, manager, request);
  if (request.preview) return { live, manager };
  const former = request.recorded.manager;
  if (former && former !== manager) await relinquish(cluster, place, former);
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
    haltedBefore: haltedRelease(before, live),
  });
  return { live: settled, manager };
}

async function applied(
  context: Context,
  cluster: Cluster,
  place: Place,
  wanted: JsonObject,
  manager: string,
  { urn, preview, recorded }: UpdateRequest,
): Promise<JsonObject> {
  const force = context.settings.enablePatchForce || annotation(wanted, "pulumi.com/patchForce") === "true";
  try {
    return await apply(cluster, place, wanted, { manager, dryRun: preview, force });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (preview && error.status === 403) return wanted;
    if (!error.isConflict) throw error;
    const found = claims(error);
    const live = await get(cluster, place);
    if (!live || !isShownHandiwork(found, live, recorded.live)) throw new Error(programConflict(place, found));
    if (!preview)
      context.host.say("info", urn, `set back what was changed by hand: ${found.map(c => c.field).join(", ")}`);
    return apply(cluster, place, wanted, { manager, dryRun: preview, force: true });
  }
}

/** Ignored fields that somebody else has set are theirs: applying the old value would take them back. */
async function withoutIgnored(
  cluster: Cluster,
  place: Place,
  inputs: JsonObject,
  ignored: Step[][],
): Promise<JsonObject> {
  const said = ignored.filter(path => at(inputs, ...path) !== undefined);
  if (said.length === 0) return inputs;
  const live = await get(cluster, place);
  if (!live) return inputs;
  return said
    .filter(path => at(live, ...path) !== undefined && !equal(at(live, ...path), at(inputs, ...path)))
    .reduce((left, path) => withAt(left, path, undefined), inputs);
}
