// Support bundle: takes secrets out of a log, and out of an object's texts and names (RT-23, SA-8). Pure.
import { isObject, type Json } from "../../kubernetes/json";
import { safeLine } from "./log-line";
import type { Redactor } from "./redactor";

/** Looked through once more as a whole: what lines leave standing must not make up a secret together. */
export function cleanLog(lines: readonly string[], redact: Redactor): string {
  return redact(lines.map(line => (line === "" ? "" : safeLine(line, redact))).join("\n"));
}

/** Texts and names alike, before they are written as YAML, which would fold and escape them. */
export function cleanTexts(value: Json, redact: Redactor): Json {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map(each => cleanTexts(each, redact));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [redact(key), cleanTexts(child, redact)]));
}
