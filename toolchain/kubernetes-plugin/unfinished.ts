// Kubernetes plugin: what came of waiting, for the state: an object that is not ready is written down all the same.
import { waitUntilReady } from "../../src/kubernetes/await/wait";
import { NotReady } from "../../src/kubernetes/errors";
import { annotation, type JsonObject } from "../../src/kubernetes/json";
import { type Cluster, idOf, type Place } from "../../src/kubernetes/objects";
import type { Context } from "./context";
import { timeoutOf } from "./timeout";

/** The object was made or changed, and is in the state, but did not become what was waited for. */
export class Unfinished extends Error {
  override readonly name = "Unfinished";

  constructor(
    message: string,
    /** Identifier of the resource. */
    readonly id: string,
    /** The object as it was last seen. */
    readonly live: JsonObject,
    /** The field manager it was applied by. */
    readonly manager: string,
  ) {
    super(message);
  }
}

export interface Awaited {
  context: Context;
  cluster: Cluster;
  place: Place;
  urn: string;
  live: JsonObject;
  inputs: JsonObject;
  manager: string;
  timeoutS: number;
  haltedBefore?: string;
}

/**
 * The object once it is ready; at once with `pulumi.com/skipAwait`.
 * @throws Unfinished with what was found
 */
export async function ready(awaited: Awaited): Promise<JsonObject> {
  const { context, cluster, place, urn, live, inputs, manager, haltedBefore } = awaited;
  if (["true", "ready"].includes(annotation(inputs, "pulumi.com/skipAwait"))) return live;
  return unfinished(place, manager, () =>
    waitUntilReady({
      cluster,
      place,
      live,
      timeoutS: timeoutOf(awaited.timeoutS, inputs),
      progress: text => context.host.status(urn, text),
      cancelled: context.cancelled,
      onward: "It is in the state; the next `pulumi up` goes on from here.",
      haltedBefore,
    }),
  );
}

/** What `work` returns; with the resource it is about where that is not ready. */
export async function unfinished<Result>(place: Place, manager: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    throw new Unfinished(error.message, idOf(place), error.live, manager);
  }
}
