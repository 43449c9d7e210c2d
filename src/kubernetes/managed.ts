// Kubernetes: from the live object to the part the program speaks of, so that drift shows and defaults do not.
import { at, equal, isObject, type Json, type JsonObject, listAt } from "./json";

/**
 * The fields of an object as all its managers own them: `f:` names, `k:` keys of list elements, `v:` members of sets.
 * Which manager owns what does not matter here, only that lists are told apart by what the server says of them.
 */
export function managedFields(live: JsonObject): JsonObject {
  return listAt(live, "metadata", "managedFields")
    .map(entry => at(entry, "fieldsV1"))
    .filter(isObject)
    .reduce(merge, {});
}

function merge(a: JsonObject, b: JsonObject): JsonObject {
  const merged = Object.entries(b).map(([key, child]) => {
    const known = at(a, key);
    return [key, isObject(known) && isObject(child) ? merge(known, child) : child];
  });
  return { ...a, ...Object.fromEntries(merged) };
}

/**
 * The live value in the shape the program gave it: keys the program names, list elements it wrote (found by the keys the
 * server merges them by, wherever they now stand), and of lists that have no keys everything.
 */
export function asWritten(live: Json | undefined, written: Json, fields: JsonObject): Json | undefined {
  if (live === undefined) return undefined;
  if (isObject(live) && isObject(written)) {
    const kept = Object.entries(written).flatMap(([key, value]) => {
      const child = asWritten(at(live, key), value, fieldsOf(fields, `f:${key}`));
      return child === undefined ? [] : [[key, child]];
    });
    return Object.fromEntries(kept);
  }
  if (Array.isArray(live) && Array.isArray(written)) return listAsWritten(live, written, fields);
  return live;
}

function listAsWritten(live: Json[], written: Json[], fields: JsonObject): Json[] {
  const keyed = Object.keys(fields).filter(field => field.startsWith("k:"));
  if (keyed.length > 0) return keyedAsWritten(live, written, fields, keyed);
  if (Object.keys(fields).some(field => field.startsWith("v:")))
    return written.filter(element => live.some(other => equal(element, other)));
  return live.map((element, i) => {
    const model = written[i];
    return model === undefined ? element : (asWritten(element, model, {}) ?? element);
  });
}

function keyedAsWritten(live: Json[], written: Json[], fields: JsonObject, keyed: readonly string[]): Json[] {
  const free = new Set(keyed);
  return written.flatMap(model => {
    for (const field of free) {
      const key = parseKey(field);
      const element = live.find(candidate =>
        Object.entries(key).every(([name, value]) => equal(at(candidate, name), value)),
      );
      const isThis = Object.entries(key).every(([name, value]) => {
        const said = at(model, name);
        // A key the program leaves out is one the server filled in, such as a port's protocol.
        return said === undefined || equal(said, value);
      });
      if (!isThis || element === undefined) continue;
      free.delete(field);
      return [asWritten(element, model, fieldsOf(fields, field)) ?? element];
    }
    return [];
  });
}

function parseKey(field: string): JsonObject {
  try {
    const key = JSON.parse(field.slice(2)) as Json;
    return isObject(key) ? key : {};
  } catch {
    return {};
  }
}

function fieldsOf(fields: JsonObject, key: string): JsonObject {
  const child = fields[key];
  return isObject(child) ? child : {};
}

/**
 * The program's own words wherever the live value has not moved since it was recorded, and the live value where it has:
 * `500m` stays `500m` though the server may write it otherwise.
 */
export function inOwnWords(written: Json, recorded: Json | undefined, live: Json): Json {
  if (equal(recorded, live)) return written;
  if (isObject(written) && isObject(live)) {
    const worded = Object.entries(live).map(([key, value]) => {
      const own = at(written, key);
      return [key, own === undefined ? value : inOwnWords(own, at(recorded, key), value)];
    });
    return Object.fromEntries(worded);
  }
  if (Array.isArray(written) && Array.isArray(live) && Array.isArray(recorded) && sameLength(written, live, recorded))
    return live.map((value, i) => inOwnWords(written[i] ?? value, recorded[i], value));
  return live;
}

const sameLength = (...lists: Json[][]): boolean => new Set(lists.map(list => list.length)).size === 1;

/** The live object as inputs of a program that has never seen it: all but what only the server writes. */
export function asInputs(live: JsonObject): JsonObject {
  const { status: _, metadata, ...rest } = live;
  const own = Object.entries(isObject(metadata) ? metadata : {}).filter(([key]) => !SERVER_METADATA.has(key));
  return { ...rest, metadata: Object.fromEntries(own) };
}

const SERVER_METADATA = new Set([
  ...["creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields"],
  ...["resourceVersion", "selfLink", "uid"],
]);

/**
 * The value at a path as the server writes it in conflicts: `.spec.template.spec.containers[name="web"].image`. Keys with
 * dots in them are not quoted there, so the longest key that fits is taken.
 */
export function atManagedPath(value: Json | undefined, field: string): Json | undefined {
  if (field === "") return value;
  if (isObject(value)) {
    const key = Object.keys(value)
      .filter(name => field.startsWith(`.${name}`) && /^([.[]|$)/.test(field.slice(name.length + 1)))
      .sort((a, b) => b.length - a.length)[0];
    return key === undefined ? undefined : atManagedPath(value[key], field.slice(key.length + 1));
  }
  const selector = /^\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]/.exec(field);
  if (!selector || !Array.isArray(value)) return undefined;
  return atManagedPath(value.find(matches(selector[1] ?? "")), field.slice(selector[0].length));
}

function matches(selector: string): (element: Json) => boolean {
  const pairs = [...selector.matchAll(/([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]+)/g)];
  return element =>
    pairs.length > 0
      ? pairs.every(([, key, value]) => JSON.stringify(at(element, key ?? "") ?? null) === value)
      : JSON.stringify(element) === selector.replace(/^=/, "");
}
