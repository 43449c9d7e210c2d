// Config: how a fault shows what it found, without ever showing a secret (PF-7).

import { looksSecretByValue } from "../workload/plain-secrets";
import { fits, type Path, touches } from "./paths";
import { Sealed } from "./sealed";
import { secretPlaces } from "./secret-places";

/** Values of these places stay hidden even when nothing about them looks secret. */
const hiddenPlaces = [...secretPlaces, "workloads.*.services.*.environment.*"];

const longest = 80;

export function describeFound(path: Path, value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (value instanceof Sealed) return "an encrypted value";
  if (Array.isArray(value)) return value.length === 1 ? "a list of one" : `a list of ${value.length || "none"}`;
  if (typeof value === "object") return "a mapping";
  if (secretPlaces.some(place => fits(path, place))) return "plain text";
  if (typeof value === "string" && looksSecretByValue(value)) return "plain text that looks like a secret";
  if (hiddenPlaces.some(place => touches(path, place))) return typeof value === "string" ? "text" : `a ${typeof value}`;
  const text = JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
