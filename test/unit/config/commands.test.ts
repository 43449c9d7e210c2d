import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { checkConfigFile, printSchema, stackFiles } from "../../../src/config/commands";

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
      "Pulumi.onprem.yaml",
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

test("config schema prints JSON", () => {
  expect(JSON.parse(printSchema())).toMatchObject({ $schema: "http://json-schema.org/draft-07/schema#" });
});
