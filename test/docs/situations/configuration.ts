// Tests of the documentation: a stack file that is sound, one that is not, and two that are compared.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { logRecord } from "../../../src/workload/log-record";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { type Clone, openClone } from "../clone";
import { shows, succeeded, type } from "../typing";

export function configuration(): void {
  describe.sequential("configuration", () => {
    let clone: Clone;
    beforeAll(async () => {
      clone = await openClone();
    });
    afterAll(() => clone.close());

    test.each([
      "npx palisade config check",
      "npx palisade config check --file Pulumi.prod.yaml",
      "npx palisade config check --file Pulumi.staging.yaml",
    ])("%s", async command => {
      const result = await type(clone, [command]);
      succeeded(result);
      expect(result.stdout).toContain("no fault");
    });

    test("ten faults come in one message", async () => {
      const command = "npx palisade config check --file test/docs/fixtures/Pulumi.faulty.yaml";
      const result = await type(clone, [command]);
      expect(result.code).toBe(1);
      shows(command, result);
    });

    test("staging and prod are compared by keys", async () => {
      const result = await type(clone, ["npx palisade config diff staging prod"]);
      succeeded(result);
      shows("npx palisade config diff staging prod", result);
    });

    test("the schema is written as it is committed", async () => {
      succeeded(await type(clone, ["npx palisade config schema > docs/stack-config.schema.json"]));
      const of = (directory: string) => readFileSync(join(directory, "docs/stack-config.schema.json"), "utf8");
      expect(JSON.parse(of(clone.directory))).toEqual(JSON.parse(of(PROJECT_DIRECTORY)));
    });

    test("a workload is rendered as a Compose file", async () => {
      const result = await type(clone, ["npx palisade render iss --format compose"]);
      succeeded(result);
      const { services } = parse(result.stdout) as { services: Record<string, { image: string; read_only: boolean }> };
      expect(services.api?.image).toMatch(/\/iss\/module@sha256:[0-9a-f]{64}$/);
      expect(services.api?.read_only).toBe(true);
    });

    test("a workload is rendered as a systemd unit", async () => {
      const result = await type(clone, ["npx palisade render scriptpulse --format systemd"]);
      succeeded(result);
      expect(result.stdout).toMatch(/^ExecStart=\/opt\/scriptpulse\/api\/bin\/gunicorn /m);
    });

    test("a log is held to the schema of a record", async () => {
      const origin = { workload: "notes", service: "api", env: "dev", build_sha: "0".repeat(40) } as const;
      const record = logRecord(origin, { event: "request.done", correlation_id: "request-1", status: "ok" });
      const log = join(clone.directory, "notes.jsonl");
      writeFileSync(log, `${JSON.stringify(record)}\n`);
      const sound = await type(clone, ["npx palisade logs check notes.jsonl"]);
      succeeded(sound);
      expect(sound.stdout).toContain("1 records, no fault.");
      writeFileSync(log, `${JSON.stringify({ ...record, event: "what was said" })}\n`);
      const refused = await type(clone, ["npx palisade logs check notes.jsonl"]);
      expect(refused.code).toBe(1);
      expect(refused.stdout).toContain("line 1, event");
    });

    test("the schema of a record is printed, and written as it is committed", async () => {
      const printed = await type(clone, ["npx palisade logs schema"]);
      succeeded(printed);
      succeeded(await type(clone, ["npx palisade logs schema > docs/log-record.schema.json"]));
      const of = (directory: string) =>
        JSON.parse(readFileSync(join(directory, "docs/log-record.schema.json"), "utf8"));
      expect(of(clone.directory)).toEqual(of(PROJECT_DIRECTORY));
      expect(JSON.parse(printed.stdout)).toEqual(of(PROJECT_DIRECTORY));
    });

    test("another stack is drawn", async () => {
      const result = await type(clone, ["npx palisade graph --stack prod"]);
      succeeded(result);
      expect(result.stdout).toMatch(/of stack prod/);
      // More than that, nobody reads.
      expect(result.stdout.match(/^\s+\w+\["/gm)?.length).toBeLessThanOrEqual(25);
    });

    test("a workload that the stack does not run is not drawn", async () => {
      const { code, stdout } = await clone.type("npx palisade graph --workload sanktum");
      expect(code).toBe(1);
      expect(stdout).toContain("stack `dev` runs no workload `sanktum`; it runs ");
    });
  });
}
