import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { diffConfigs } from "../../../src/config/diff";
import { differencesFile } from "../../../src/config/differences";

const root = join(__dirname, "../../..");
const directory = mkdtempSync(join(tmpdir(), "palisade-diff-"));
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const none = join(directory, "absent.yaml");
const inRepository = (stack: string) => join(root, `Pulumi.${stack}.yaml`);

describe("the repository's stacks (RT-3, RT-16)", () => {
  test("staging and prod have the same keys, and every other value its ticket", () => {
    const diff = diffConfigs(inRepository("staging"), inRepository("prod"), join(root, differencesFile));
    expect(diff).toMatchObject({ ok: true, onlyInFirst: [], driftPercent: 0, unexplained: [], stale: [] });
    expect(diff.changed).toContain("palisade:retention.logDays");
    expect(diff.changed).not.toContain("palisade:region");
    expect(Object.keys(diff.tickets).sort()).toEqual([...diff.changed].sort());
  });

  test("without its register the same pair is refused", () => {
    const diff = diffConfigs(inRepository("staging"), inRepository("prod"), none);
    expect(diff.ok).toBe(false);
    expect(diff.message).toMatch(/Without a ticket: \d+ differences/);
  });
});

const numbers = (count: number) =>
  `config:\n${Array.from({ length: count }, (_, i) => `  palisade:k${i}: value-of-${i}\n`).join("")}`;

test.each([
  [19, 20, 5, true],
  [18, 20, 10, false],
  [20, 19, 5, false],
])("%i keys against %i: %f %% with a ticket, in order: %s", (first, second, percent, ok) => {
  const register = write("register.yaml", "[{ between: [a, b], keys: ['palisade:k1*'], ticket: T-1, reason: r }]");
  const diff = diffConfigs(write("Pulumi.a.yaml", numbers(first)), write("Pulumi.b.yaml", numbers(second)), register);
  expect(diff.driftPercent).toBeCloseTo(percent);
  expect(diff.ok).toBe(ok);
});

test("names keys, never values, and reads no more into a list than that it is there", () => {
  const a = write("Pulumi.a.yaml", "config:\n  palisade:alarms: { emails: [first@x.example], pagerDuty: hunter2 }\n");
  const b = write("Pulumi.b.yaml", "config:\n  palisade:alarms: { emails: [second@x.example, third@x.example] }\n");
  const diff = diffConfigs(a, b, none);
  expect(diff).toMatchObject({
    ok: false,
    onlyInFirst: ["palisade:alarms.pagerDuty"],
    onlyInSecond: [],
    changed: ["palisade:alarms.emails[]"],
    driftPercent: 50,
  });
  expect(diff.message).toContain("1 of 2 keys, 50.0 %");
  expect(JSON.stringify(diff)).not.toMatch(/hunter2|x\.example/);
});

describe("the register", () => {
  const a = write("Pulumi.left.yaml", "config: { 'palisade:edge': { domain: a.example, days: 1 } }");
  const b = write("Pulumi.right.yaml", "config: { 'palisade:edge': { domain: b.example, days: 2 } }");
  const register = (text: string) => diffConfigs(a, b, write("register.yaml", text));
  const entry = (keys: string, ticket = "OPS-7", between = "[right, left]") =>
    `- { between: ${between}, keys: [${keys}], ticket: ${ticket}, reason: because }\n`;

  test("explains a pair in either order; each difference shows its ticket", () => {
    const diff = register(entry("'palisade:edge.*'"));
    expect(diff).toMatchObject({ ok: true, unexplained: [] });
    expect(diff.message).toMatch(/palisade:edge\.domain {2}OPS-7/);
  });

  test("a difference it does not name blocks", () => {
    const diff = register(entry("palisade:edge.domain"));
    expect(diff).toMatchObject({ ok: false, unexplained: ["palisade:edge.days"] });
    expect(diff.message).toMatch(/palisade:edge\.days +no ticket/);
    expect(diff.message).toContain("Without a ticket: 1 difference.");
  });

  test("an entry of another pair explains nothing", () => {
    expect(register(entry("'palisade:*'", "OPS-7", "[left, other]")).unexplained).toHaveLength(2);
  });

  test("an entry that is no difference any more blocks", () => {
    expect(register(entry("'palisade:edge.*', palisade:region"))).toMatchObject({
      ok: false,
      stale: ["palisade:region"],
    });
  });

  test("a dot is a dot: only `*` is a wildcard", () => {
    expect(register(entry("palisade:edge-domain, palisade:edge.d")).unexplained).toHaveLength(2);
  });

  test.each([
    ["no ticket", entry("'palisade:*'", "soon"), /register\.yaml, 0\.ticket[\s\S]*allowed: the id of a ticket/],
    [
      "an unknown word",
      "- { between: [left, right], keys: [palisade:a], ticket: A-1, reason: r, by: me }",
      /the unknown key `by`/,
    ],
    ["no list", "between: x", /register\.yaml, the whole/],
    ["no YAML", "[", /no readable YAML/],
  ])("%s: nothing is compared", (_, text, message) => {
    const diff = register(text);
    expect(diff.ok).toBe(false);
    expect(diff.message).toMatch(message);
  });
});

test("a file that cannot be read is refused", () => {
  expect(diffConfigs(join(directory, "Pulumi.none.yaml"), inRepository("prod"), none)).toMatchObject({ ok: false });
});
