// Golden previews: from the engine's steps to a text that is the same on every machine and readable in a diff.
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import type { PreviewStep } from "../local-stack";

/** What the engine writes for a value that is known only after an update. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** One JSON document: URN to type, parent and inputs, sorted by URN. */
export function normalise(steps: readonly PreviewStep[]): string {
  const rows = steps
    .map(step => [shorten(step.urn), describe(step)] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `${JSON.stringify(Object.fromEntries(rows), undefined, 2)}\n`;
}

function describe({ op, newState }: PreviewStep): unknown {
  const parent = newState?.parent ? shorten(newState.parent) : undefined;
  return { op, ...(parent && { parent }), inputs: clean(newState?.inputs ?? {}) };
}

/** The stack and project are the same for all. */
function shorten(urn: string): string {
  return urn.replace(/^urn:pulumi:[^:]+::[^:]+::/, "");
}

function clean(value: unknown): unknown {
  if (typeof value === "string") return cleanText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value)
    .filter(([key]) => key !== "__defaults")
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, v]) => [key, clean(v)]));
}

/** User data travels in base64, names with random ends in it: written as the text it is. */
function decoded(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/]{40,}={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const plain = Buffer.from(text, "base64").toString("utf8");
  return /^[\x20-\x7e\n\t]+$/.test(plain) ? plain : undefined;
}

function cleanText(text: string): string {
  const plain = decoded(text);
  if (plain !== undefined) return `base64 of: ${cleanText(plain)}`;
  return (
    text
      .replaceAll(UNKNOWN, "<computed>")
      .replaceAll(PROJECT_DIRECTORY, "<project>")
      .replace(/http:\/\/127\.0\.0\.1:\d+/g, "<local AWS>")
      // Autonaming: it stands at the end of a name, and wherever the name is part of an ARN or a policy.
      .replace(/-[0-9a-f]{7}(?![0-9a-zA-Z])/g, "-<random>")
  );
}
