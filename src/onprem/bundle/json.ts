// Bundle: JSON from outside, of bounded size, held against its schema (PF-3).
import type { z } from "zod";
import { Refusal, shown } from "../format/refusal";

/** Bytes of the index, of a manifest, of what describes the release. */
export const JSON_LIMIT = 4 * 1024 * 1024;
/** Bytes of all manifests together: they are held in memory. */
export const MANIFESTS_LIMIT = 32 * 1024 * 1024;

/** @throws Refusal if the bytes are no JSON in UTF-8, or not of this shape */
export function parseJson<Shape extends z.ZodType>(bytes: Buffer, shape: Shape, name: string): z.output<Shape> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Refusal(`${name} is no JSON (${shown(error instanceof Error ? error.message : "")}).`, "JSON in UTF-8.");
  }
  const found = shape.safeParse(json);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  const place = issue?.path.map(String).join(".") || "the whole";
  throw new Refusal(
    `${name}, ${shown(place)}: ${shown(issue?.message ?? "")}.`,
    "this file as `palisade bundle` writes it.",
  );
}
