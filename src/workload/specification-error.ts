// Workload model: what is wrong with a specification, all of it in one error, each fault with its path, what was found and what is allowed.
import type { z } from "zod";
import { looksSecretByName, looksSecretByValue } from "./plain-secrets";

export interface SpecificationFault {
  /** Such as `services.backend.resources.memoryMiB`. */
  path: string;
  /** Found and allowed, in words; never a value that may be secret (PF-7). */
  message: string;
}

/** Thrown by `defineWorkload`; whoever loads several specifications collects the faults of all. */
export class SpecificationError extends Error {
  constructor(
    readonly workload: string,
    readonly faults: readonly SpecificationFault[],
  ) {
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    super(
      `workload \`${workload}\` has ${count}:\n${faults.map(({ path, message }) => `  ${path}: ${message}`).join("\n")}`,
    );
    this.name = "SpecificationError";
  }
}

type Issue = z.core.$ZodIssue;

/** The faults zod found in what an author wrote. */
export function faultsOf(issues: readonly Issue[], written: unknown): SpecificationFault[] {
  return issues.map(issue => {
    const path = issue.path.map(String);
    return { path: path.join(".") || "(workload)", message: inWords(issue, path, written) };
  });
}

function inWords(issue: Issue, path: readonly string[], written: unknown): string {
  const found = `found ${describe(path, at(path, written))}`;
  switch (issue.code) {
    case "custom":
      return issue.message;
    case "invalid_type":
      return `${found}; allowed: ${article(issue.expected)}`;
    case "invalid_value":
      return `${found}; allowed: ${issue.values.map(value => `\`${String(value)}\``).join(", ")}`;
    case "too_small":
      return `${found}; allowed: at least ${issue.minimum}`;
    case "too_big":
      return `${found}; allowed: at most ${issue.maximum}`;
    case "unrecognized_keys":
      return `found the unknown ${issue.keys.map(key => `\`${key}\``).join(", ")}; allowed: the fields of the model`;
    case "invalid_key":
      return `found a name of another form; allowed: ${issue.issues[0]?.message ?? "another name"}`;
    default:
      return `${found}; allowed: ${issue.message}`;
  }
}

const articles: Record<string, string> = {
  int: "a whole number",
  number: "a number",
  string: "text",
  boolean: "`true` or `false`",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

function article(expected: string): string {
  return articles[expected] ?? expected;
}

function at(path: readonly string[], written: unknown): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null
        ? Object.entries(value).find(([key]) => key === step)?.[1]
        : undefined,
    written,
  );
}

function describe(path: readonly string[], value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value !== "string") return `\`${String(value)}\``;
  if (looksSecretByValue(value) || looksSecretByName(path.at(-1) ?? "", value)) return "text that may be a secret";
  return `\`${value.length > 60 ? `${value.slice(0, 60)}…` : value}\``;
}
