// Kubernetes plugin: deleting the object of a resource, in the order and with the patience that its annotations ask for.
import { askToDelete, type Propagation, waitUntilGone } from "../../src/kubernetes/delete";
import { Unreachable } from "../../src/kubernetes/errors";
import { annotation, type JsonObject, nameOf } from "../../src/kubernetes/json";
import { type Cluster, placeOf } from "../../src/kubernetes/objects";
import type { Context } from "./context";
import { unrender } from "./render";
import type { Recorded } from "./state";
import { timeoutOf } from "./timeout";
import { apiKind } from "./tokens";
import { unfinished } from "./unfinished";

export interface DeleteRequest {
  urn: string;
  recorded: Recorded;
  timeoutS: number;
}

const POLICIES = { orphan: "Orphan", background: "Background", foreground: "Foreground" } as const;

export async function remove(context: Context, request: DeleteRequest): Promise<void> {
  const { live, inputs } = request.recorded;
  const object = nameOf(live) ? live : inputs.value;
  if (context.settings.renderYamlToDirectory) {
    const file = await unrender(context.settings.renderYamlToDirectory, object);
    return context.host.status(request.urn, `deleted ${file}`);
  }
  const cluster = await reached(context, request.urn);
  if (!cluster) return;
  const place = await placeOf(cluster, apiKind(request.urn, object), object);
  // The kind itself is gone, and all its objects with it.
  if (!place) return;
  const uid = await askToDelete(cluster, place, policy(object));
  if (place.kind === "CustomResourceDefinition") cluster.discovery.forget();
  if (uid !== undefined && annotation(object, "pulumi.com/skipAwait") !== "true")
    await unfinished(place, request.recorded.manager, () =>
      waitUntilGone({
        cluster,
        place,
        uid,
        timeoutS: timeoutOf(request.timeoutS, request.recorded.live),
        progress: text => context.host.status(request.urn, text),
        cancelled: context.cancelled,
      }),
    );
}

async function reached(context: Context, urn: string): Promise<Cluster | undefined> {
  try {
    return await context.cluster();
  } catch (error) {
    if (!(error instanceof Unreachable) || !context.settings.deleteUnreachable) throw error;
    context.host.say("warning", urn, "the cluster cannot be reached; forgotten (deleteUnreachable)");
    return undefined;
  }
}

/** Dependents first, unless the object says otherwise. */
function policy(object: JsonObject): Propagation {
  const wanted = annotation(object, "pulumi.com/deletionPropagationPolicy");
  if (!wanted) return POLICIES.foreground;
  const known = POLICIES[wanted.toLowerCase() as keyof typeof POLICIES];
  if (known) return known;
  throw new Error(
    `annotation \`pulumi.com/deletionPropagationPolicy\` is \`${wanted}\`; allowed are orphan, background, foreground`,
  );
}
