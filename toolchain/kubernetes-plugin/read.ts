// Kubernetes plugin: what is in the cluster now, in the words of the program where nothing moved. Shows drift, and nothing else.

import { Unreachable } from "../../src/kubernetes/errors";
import { isObject, type JsonObject, nameOf, withAt } from "../../src/kubernetes/json";
import { asInputs, asWritten, inOwnWords, managedFields } from "../../src/kubernetes/managed";
import { get, placeOf } from "../../src/kubernetes/objects";
import type { Context } from "./context";
import { fieldManager } from "./naming";
import { isRendered } from "./render";
import { decodeStringData } from "./secrets";
import type { Recorded } from "./state";
import { apiKind } from "./tokens";
import type { Properties } from "./wire";

export interface ReadRequest {
  urn: string;
  /** `namespace/name`, or `name`. */
  id: string;
  recorded: Recorded;
  /** Inputs of the last update; empty for an import. */
  inputs: Properties;
}

export interface Live {
  live: JsonObject;
  inputs: Properties;
  manager: string;
}

/** The object, or undefined if it is gone. */
export async function read(context: Context, request: ReadRequest): Promise<Live | undefined> {
  const { urn, recorded } = request;
  const inputs = isObject(request.inputs.value.metadata) ? request.inputs : recorded.inputs;
  const known = nameOf(recorded.live) !== "";
  const manager = fieldManager(urn, inputs.value, recorded.manager);
  const directory = context.settings.renderYamlToDirectory;
  // What is gone, or not what was written, is written again.
  if (directory)
    return (await isRendered(directory, inputs.value)) ? { live: recorded.live, inputs, manager } : undefined;
  const found = await lookUp(context, request, inputs.value);
  if (found === "unreachable") return { live: recorded.live, inputs, manager };
  if (!found) return undefined;
  if (!known || nameOf(inputs.value) === "")
    return { live: found, inputs: { value: asInputs(found), secrets: inputs.secrets }, manager };
  return {
    live: found,
    inputs: { value: drifted(inputs.value, recorded.live, found), secrets: inputs.secrets },
    manager,
  };
}

/** Inputs that would have led to the live object: the program's own, but for what moved since it was recorded. */
export function drifted(inputs: JsonObject, recordedLive: JsonObject, live: JsonObject): JsonObject {
  const fields = managedFields(live);
  const shape = (object: JsonObject) => asWritten(decodeStringData(object, inputs), inputs, fields) ?? {};
  const worded = inOwnWords(inputs, shape(recordedLive), shape(live));
  return isObject(worded) ? worded : inputs;
}

async function lookUp(context: Context, { urn, id, recorded }: ReadRequest, inputs: JsonObject) {
  const model = nameOf(recorded.live) ? recorded.live : inputs;
  const slash = id.indexOf("/");
  const named = withAt(
    withAt({}, ["metadata", "name"], id.slice(slash + 1)),
    ["metadata", "namespace"],
    id.slice(0, Math.max(slash, 0)),
  );
  try {
    const cluster = await context.cluster();
    const place = await placeOf(cluster, apiKind(urn, model), named);
    return place && (await get(cluster, place));
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    if (context.settings.deleteUnreachable) {
      context.host.say("warning", urn, "the cluster cannot be reached; forgotten (deleteUnreachable)");
      return undefined;
    }
    if (!context.settings.skipUpdateUnreachable) throw error;
    context.host.say(
      "warning",
      urn,
      "the cluster cannot be reached; what is shown may be out of date (skipUpdateUnreachable)",
    );
    return "unreachable" as const;
  }
}
