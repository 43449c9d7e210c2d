// Kubernetes plugin: what differs between two versions of a program's object, and what of that is a change to the cluster.
import type { ApiError } from "../../src/kubernetes/errors";
import {
  at,
  equal,
  isObject,
  type Json,
  type JsonObject,
  type Path,
  parsePath,
  type Step,
} from "../../src/kubernetes/json";
import { begins } from "./immutable";

export interface Change {
  path: Path;
  kind: "add" | "delete" | "update";
}

/** Every place where two versions differ: as deep as both have the same shape, no deeper. */
export function changes(old: Json | undefined, next: Json | undefined, path: Path = []): Change[] {
  if (equal(old, next)) return [];
  if (old === undefined) return [{ path, kind: "add" }];
  if (next === undefined) return [{ path, kind: "delete" }];
  if (isObject(old) && isObject(next)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])];
    return keys.flatMap(key => changes(at(old, key), at(next, key), [...path, key]));
  }
  if (Array.isArray(old) && Array.isArray(next)) {
    const longer = old.length > next.length ? old : next;
    return longer.flatMap((_, i) => changes(old[i], next[i], [...path, i]));
  }
  return [{ path, kind: "update" }];
}

/**
 * The changes that remain when the server has been asked what it would make of the new version: where that is what it
 * already has, the program only says in other words, or in full, what was so before (`1000m` for `1`, a default).
 * What is no longer said always remains: the field is to be given up.
 * @param recorded the object as the server answered last time
 * @param answered the object as the server would have it, from a dry run
 */
export function withoutRewordings(found: readonly Change[], recorded: JsonObject, answered: JsonObject): Change[] {
  return found.filter(({ path, kind }) => kind === "delete" || !equal(at(recorded, ...path), at(answered, ...path)));
}

const FIXED =
  /immutable|may not be (changed|updated)|may not change|can ?not (be )?(changed?|updated?|modif)|updates to .* (are|is) forbidden|not updatable/i;

/** The fields the server refuses to change although it knows the object; undefined if it refused for another reason. */
export function fixedByServer(error: ApiError): Step[][] | undefined {
  if (error.status !== 422) return undefined;
  const fixed = error.causes.filter(cause => FIXED.test(cause.message)).map(cause => parsePath(cause.field));
  return fixed.length > 0 ? fixed : undefined;
}

/** The changes at, above or below one of these fields. */
export function touching(found: readonly Change[], fields: readonly Step[][]): Change[] {
  return found.filter(({ path }) => fields.some(field => begins(path, field) || begins(field, path)));
}

/**
 * The changes nearest to fields the server named: at, above or below them, else around them, since some of its names are
 * not those of the API (`attachedRequired`).
 */
export function nearest(found: readonly Change[], fields: readonly Step[][]): Change[] {
  return found.filter(change => fields.some(field => around(found, field).includes(change)));
}

function around(found: readonly Change[], field: readonly Step[]): Change[] {
  const near = touching(found, [[...field]]);
  return near.length > 0 || field.length === 0 ? near : around(found, field.slice(0, -1));
}
