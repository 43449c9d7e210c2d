// Config: the register of intentional differences between environments. Each names the ticket that decided it (RT-16).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { z } from "zod";
import type { Fault } from "./faults";

/** The register, beside the stack files. */
export const differencesFile = "config-differences.yaml";

const difference = z.strictObject({
  /** The two stacks, in any order. */
  between: z.tuple([z.string().min(1), z.string().min(1)]),
  /** Places as `config diff` prints them; `*` stands for any run of characters. */
  keys: z.array(z.string().regex(/^palisade:[^\s]+$/)).min(1),
  ticket: z.string().regex(/^[A-Z][A-Z0-9]*-[1-9][0-9]*$/),
  reason: z.string().min(1),
});
export type Difference = z.infer<typeof difference>;

const allowedIn: Record<string, string> = {
  between: "a list of two stacks, such as [staging, prod]",
  keys: "a list of keys as `config diff` prints them, such as palisade:edge.domain; `*` stands for anything",
  ticket: "the id of a ticket, such as PLAT-12",
  reason: "a sentence that says why they differ",
};

/** Reads the register. A file that cannot be read or is not as it should be is a list of faults; one that is absent is empty. */
export function readDifferences(path: string): { differences: readonly Difference[]; faults: readonly Fault[] } {
  let content: unknown;
  try {
    const { parse } = createRequire(__filename)("yaml") as typeof import("yaml");
    content = parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return { differences: [], faults: [] };
    return { differences: [], faults: [{ path, found: "no readable YAML", allowed: "a list of differences" }] };
  }
  const parsed = z.array(difference).safeParse(content ?? []);
  if (parsed.success) return { differences: parsed.data, faults: [] };
  const faults = parsed.error.issues.map(issue => ({
    path: `${path}, ${issue.path.join(".") || "the whole"}`,
    found: issue.code === "unrecognized_keys" ? `the unknown key \`${issue.keys.join("`, `")}\`` : "something else",
    allowed: allowedIn[String(issue.path[1])] ?? "entries with between, keys, ticket and reason",
    control: "RT-16",
  }));
  return { differences: [], faults };
}

export interface Accounted {
  /** Ticket of each difference that has one, by key. */
  readonly tickets: ReadonlyMap<string, string>;
  /** Differences nobody has decided. */
  readonly unexplained: readonly string[];
  /** Keys of the register for this pair that are no difference: it says more than is true. */
  readonly stale: readonly string[];
}

/** Holds the differences of two stacks against the register. */
export function account(
  differing: readonly string[],
  differences: readonly Difference[],
  pair: readonly string[],
): Accounted {
  const ofPair = differences.filter(({ between }) => [...between].sort().join() === [...pair].sort().join());
  const decided = ofPair.flatMap(({ keys, ticket }) => keys.map(key => ({ key, ticket, matches: glob(key) })));
  const tickets = new Map<string, string>();
  for (const place of differing) {
    const match = decided.find(({ matches }) => matches(place));
    if (match) tickets.set(place, match.ticket);
  }
  return {
    tickets,
    unexplained: differing.filter(place => !tickets.has(place)),
    stale: decided.filter(({ matches }) => !differing.some(matches)).map(({ key }) => key),
  };
}

function glob(pattern: string): (place: string) => boolean {
  const source = pattern.split("*").map(part => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  const expression = new RegExp(`^${source.join(".*")}$`);
  return place => expression.test(place);
}
