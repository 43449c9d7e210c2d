import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { checkConfigFile, diffConfigs, printSchema, stackFiles } from "../../../src/config/commands";
import { catalog } from "./sample";

const root = join(__dirname, "../../..");
const directory = mkdtempSync(join(tmpdir(), "palisade-config-"));
afterAll(() => rmSync(directory, { recursive: true }));

const prodText = readFileSync(join(root, "Pulumi.prod.yaml"), "utf8");

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe("config check", () => {
  test("the stack files of the repository are sound", () => {
    const files = stackFiles(root);
    expect(files.map(f => f.slice(root.length + 1))).toEqual([
      "Pulumi.dev.yaml",
      "Pulumi.prod.yaml",
      "Pulumi.staging.yaml",
    ]);
    for (const file of files) expect(checkConfigFile(file, catalog)).toMatchObject({ ok: true, faults: [] });
  });

  test("an encrypted secret passes without a passphrase", () => {
    const secure = "v1:qxtf8h3OfT4OA61r:Xnppt6dBUKBAAd87ug/6y7pkn4vUaXPsyWXw";
    const text = `${prodText}  palisade:siem: { url: "https://siem.example.com", accessKey: { secure: "${secure}" } }\n`;
    expect(checkConfigFile(write("Pulumi.prod.yaml", text), catalog).message).toMatch(/: \d+ keys, no fault/);
  });

  test("faults of the file and of its values come together, with the command to type next", () => {
    const text = `${prodText.replace("logDays: 90", "logDays: 30")}confg: {}\n`;
    const path = write("Pulumi.prod.yaml", text);
    const { ok, message, faults } = checkConfigFile(path, catalog);
    expect(ok).toBe(false);
    expect(faults.map(f => f.path)).toEqual([`${path}, confg`, "palisade:retention.logDays"]);
    expect(message).toMatch(/has 2 faults\.\n/);
    expect(message).toMatch(/found 30 days\n\s+allowed: at least 90 days in prod \(RT-23\)\n/);
    expect(message.split("\n").at(-1)).toBe(`Next: npx palisade config check --file ${path}`);
  });

  test("a file that is not there is one fault, not forty", () => {
    expect(checkConfigFile(join(directory, "Pulumi.none.yaml"), catalog).faults).toHaveLength(1);
  });

  test("the name of the file is held against the environment", () => {
    const path = write("Pulumi.staging.yaml", prodText);
    expect(checkConfigFile(path, catalog).faults).toMatchObject([{ path: "palisade:environment", found: '"prod"' }]);
  });
});

describe("config diff", () => {
  test("staging and prod have the same keys (RT-16)", () => {
    const diff = diffConfigs(join(root, "Pulumi.staging.yaml"), join(root, "Pulumi.prod.yaml"));
    expect(diff).toMatchObject({ ok: true, onlyInFirst: [], onlyInSecond: [], driftPercent: 0 });
    expect(diff.changed).toContain("palisade:retention.logDays");
    expect(diff.changed).not.toContain("palisade:region");
  });

  const numbers = (count: number) =>
    `config:\n${Array.from({ length: count }, (_, i) => `  palisade:k${i}: value-of-${i}\n`).join("")}`;

  test.each([
    [19, 20, 5, true],
    [18, 20, 10, false],
    [20, 19, 5, false],
  ])("%i keys against %i: %f %%, in order: %s", (first, second, percent, ok) => {
    const diff = diffConfigs(write("Pulumi.a.yaml", numbers(first)), write("Pulumi.b.yaml", numbers(second)));
    expect(diff.driftPercent).toBeCloseTo(percent);
    expect(diff.ok).toBe(ok);
  });

  test("names keys, never values, and reads no more into a list than that it is there", () => {
    const a = write("Pulumi.a.yaml", "config:\n  palisade:alarms: { emails: [first@x.example], pagerDuty: hunter2 }\n");
    const b = write("Pulumi.b.yaml", "config:\n  palisade:alarms: { emails: [second@x.example, third@x.example] }\n");
    const diff = diffConfigs(a, b);
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

  test("a file that cannot be read is refused", () => {
    expect(diffConfigs(join(directory, "none.yaml"), join(root, "Pulumi.prod.yaml"))).toMatchObject({ ok: false });
  });
});

test("config schema prints JSON", () => {
  expect(JSON.parse(printSchema())).toMatchObject({ $schema: "http://json-schema.org/draft-07/schema#" });
});
