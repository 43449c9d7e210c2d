// Kubernetes: plain JSON values and Kubernetes objects, and the reads everything here needs.

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}
/** A step into a value: a key of an object or an index of a list. */
export type Step = string | number;
export type Path = readonly Step[];

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path, or undefined where the path leaves what is there. */
export function at(value: Json | undefined, ...path: Path): Json | undefined {
  let here: Json | undefined = value;
  for (const step of path) {
    if (typeof step === "number") here = Array.isArray(here) ? here[step] : undefined;
    else here = isObject(here) && Object.hasOwn(here, step) ? here[step] : undefined;
  }
  return here;
}

export function objectAt(value: Json | undefined, ...path: Path): JsonObject {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

export function listAt(value: Json | undefined, ...path: Path): Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The text at a path; empty where there is none. */
export function textAt(value: Json | undefined, ...path: Path): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

export function numberAt(value: Json | undefined, ...path: Path): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

/** Whether two values are the same; the order of keys does not count, that of lists does. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((element, i) => equal(element, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && equal(a[key], b[key]));
}

/** A copy with `value` at a path; without it where `value` is undefined. Objects on the way are made, lists are not. */
export function withAt(object: JsonObject, path: Path, value: Json | undefined): JsonObject {
  const [step, ...rest] = path;
  if (step === undefined) return object;
  const copy: JsonObject = { ...object };
  const next = rest.length === 0 ? value : setIn(at(object, step), rest, value);
  delete copy[step];
  return next === undefined ? copy : { ...copy, [step]: next };
}

function setIn(value: Json | undefined, path: Path, to: Json | undefined): Json | undefined {
  const [step, ...rest] = path;
  if (typeof step === "number") {
    if (!Array.isArray(value)) return value;
    const next = rest.length === 0 ? to : setIn(value[step], rest, to);
    return value.flatMap((element, i) => (i !== step ? [element] : next === undefined ? [] : [next]));
  }
  if (to === undefined && !isObject(value)) return value;
  return withAt(isObject(value) ? value : {}, path, to);
}

/** A path as Pulumi writes it: `spec.ports[0].name`, `data["a.b"]`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (/[."[\]]/.test(step)) return `${text}["${step.replaceAll('"', '\\"')}"]`;
    return text ? `${text}.${step}` : step;
  }, "");
}

/** The steps of a path as Pulumi, or the API server in its answers, writes it. */
export function parsePath(text: string): Step[] {
  const steps: Step[] = [];
  for (const [, quoted, bracket, name] of text.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]|([^.[\]]+)/g)) {
    if (quoted !== undefined) steps.push(quoted.replaceAll('\\"', '"'));
    else if (bracket !== undefined) steps.push(/^\d+$/.test(bracket) ? Number(bracket) : bracket);
    else if (name !== undefined) steps.push(name);
  }
  return steps;
}

export const nameOf = (object: JsonObject): string => textAt(object, "metadata", "name");
export const namespaceOf = (object: JsonObject): string => textAt(object, "metadata", "namespace");
export const annotation = (object: JsonObject, key: string): string => textAt(object, "metadata", "annotations", key);

/** Entries by key, so that what is made of them does not depend on the order in which they came. */
export function sortedEntries<Value>(object: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
