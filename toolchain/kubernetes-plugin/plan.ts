// Kubernetes plugin: whether an update, a replacement or nothing is due, and what of it the server says itself.

import { ApiError } from "../../src/kubernetes/errors";
import { equal, type JsonObject, nameOf, namespaceOf, type Step } from "../../src/kubernetes/json";
import { apply, placeOf } from "../../src/kubernetes/objects";
import { encodeStringData } from "../../src/kubernetes/secret";
import type { Context } from "./context";
import { type Change, changes, fixedByServer, nearest, withoutRewordings } from "./diff";
import { begins, fixedFields } from "./immutable";
import { fieldManager, isAutonamed } from "./naming";
import type { Recorded } from "./state";
import { apiKind } from "./tokens";
import { hasUnknown } from "./wire";

export interface PlanRequest {
  urn: string;
  /** What the program, or a refresh, last said. */
  old: JsonObject;
  next: JsonObject;
  recorded: Recorded;
  /** Paths the program asks to leave alone, split into steps. */
  ignored: Step[][];
}

export interface Plan {
  changes: Change[];
  /** Those of the changes that replace the object. */
  replacing: Change[];
  /** The old object must go first: the new one has its name. */
  deleteFirst: boolean;
}

export async function plan(context: Context, request: PlanRequest): Promise<Plan> {
  const { old, next, recorded } = request;
  const kind = apiKind(request.urn, next);
  let found = changes(old, next).filter(({ path }) => !request.ignored.some(field => begins(path, field)));
  const isFixed = fixedFields(kind, old, context.settings);
  const byRule = found.filter(change => isFixed(change.path) && !isRewording(change, old, next));
  if (byRule.length > 0) return { changes: found, replacing: byRule, deleteFirst: keepsName(old, next) };
  if (found.length === 0 || hasUnknown(next) || context.settings.renderYamlToDirectory)
    return { changes: found, replacing: [], deleteFirst: false };

  const answer = await ask(context, request);
  if (answer instanceof ApiError) {
    const fields = fixedByServer(answer);
    const replacing = fields ? nearest(found, fields) : [];
    return { changes: found, replacing, deleteFirst: replacing.length > 0 && keepsName(old, next) };
  }
  if (answer) found = withoutRewordings(found, recorded.live, answer);
  return { changes: found, replacing: [], deleteFirst: false };
}

/** `stringData` that says what `data` said before is the same Secret. */
function isRewording({ path }: Change, old: JsonObject, next: JsonObject): boolean {
  const isValue = path[0] === "data" || path[0] === "stringData";
  return isValue && equal(encodeStringData(old).data, encodeStringData(next).data);
}

/** What the server would make of the new version; undefined where it cannot be asked, or its answer means nothing here. */
async function ask(context: Context, request: PlanRequest): Promise<JsonObject | ApiError | undefined> {
  const cluster = await context.cluster();
  const place = await placeOf(cluster, apiKind(request.urn, request.next), request.next);
  if (!place) return undefined;
  const manager = fieldManager(request.urn, request.next, request.recorded.manager);
  // Forced, because who owns what is a question for the update itself, which reports conflicts.
  return apply(cluster, place, request.next, { manager, dryRun: true, force: true }).catch((error: unknown) => {
    if (error instanceof ApiError) return error;
    throw error;
  });
}

function keepsName(old: JsonObject, next: JsonObject): boolean {
  return (
    nameOf(next) !== "" && !isAutonamed(next) && nameOf(next) === nameOf(old) && namespaceOf(next) === namespaceOf(old)
  );
}
