// The stand-in of ScriptPulse as a process: one script per call over TLS 1.3, roles, tenants, and logs of declared fields only (SP-1 to SP-15).
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { withoutCoreDumps } from "../../../src/components/aws/core-dumps";
import { recordSchema } from "../../../src/workload/declared-record";
import { freePort } from "../../../toolchain/sandbox";
import { referenceBinary } from "../../services/images";
import { ask, type Call, endAll, healthy, type Process, start, until } from "./process";

let port: number;
let api: Process;
beforeAll(() => referenceBinary("scriptpulse-api"), 900_000);
const environment = () => ({
  GUNICORN_CMD_ARGS: `--bind=127.0.0.1:${port} --worker-tmp-dir=/tmp`,
  TENANTS: "acme,globex",
  TENANT_CLAIM: "tenant_id",
  TENANT_HEADER: "x-tenant-id",
  DRAIN_DELAY_SECONDS: "0",
});
beforeEach(async () => {
  port = await freePort();
  api = await start("scriptpulse-api", ["scriptpulse.api:app"], environment());
  await until(() => healthy(port, "/healthz"));
});
afterEach(endAll);

const secret = "The Unwritten Twist";
const script = `INT. KITCHEN - NIGHT\n\n${secret} lies on the table.\n\nANNA\nDo you see it?\n`;

const analyse = (headers: Record<string, string> = {}, call: Call = {}) =>
  ask(port, "/v1/analyse", {
    body: script,
    ...call,
    headers: { "content-type": "text/plain", "x-tenant-id": "acme", "x-api-role": "WRITER", ...headers },
  });

test("a script is analysed, and its run has the same id each time (SP-14)", async () => {
  const [one, two] = [await analyse(), await analyse()];
  expect(one.status).toBe(200);
  expect(one.json()).toMatchObject({ assertion: "NON_DECISIONAL_SUPPORT", structure: { scenes: 1, dialogue: 1 } });
  expect(two.json().run_id).toBe(one.json().run_id);
  expect((await analyse({ "x-tenant-id": "globex" })).json().run_id).not.toBe(one.json().run_id);
});

test.each<[string, Record<string, string>, number]>([
  ["a batch", { "content-type": "application/json" }, 415],
  ["no role", { "x-api-role": "" }, 401],
  ["an administrator, who sees no content", { "x-api-role": "ADMIN" }, 403],
  ["a researcher, who sees no content", { "x-api-role": "RESEARCHER" }, 403],
  ["an unknown tenant", { "x-tenant-id": "other" }, 403],
])("%s is refused (SP-1, SP-4, SP-9)", async (_, headers, status) => {
  expect((await analyse(headers)).status).toBe(status);
});

test("TLS 1.2 is refused (SP-5)", async () => {
  await expect(analyse({}, { tls: { maxVersion: "TLSv1.2" } })).rejects.toThrow();
  expect((await analyse({}, { tls: { minVersion: "TLSv1.3" } })).status).toBe(200);
});

test("every line is a record of declared fields, and none holds a word of the script (SP-6, SP-8, SP-15)", async () => {
  await analyse();
  await analyse({ "x-api-role": "ADMIN" });
  api.child.kill("SIGTERM");
  expect(await api.ended).toBe(0);
  const logs = catalog.get("scriptpulse")?.services.api?.logs ?? [];
  const kinds = new Map<unknown, number>();
  for (const { tenant_id, ...record } of api.records()) {
    const declared = logs.find(({ kind }) => kind === record.log_kind);
    expect(recordSchema(String(record.log_kind), declared?.fields ?? {}).safeParse(record).error).toBeUndefined();
    // Telemetry names no tenant; the others do if they know one.
    if (record.log_kind === "telemetry") expect(tenant_id).toBeUndefined();
    if (record.log_kind === "compliance") expect(tenant_id).toBe("acme");
    kinds.set(record.log_kind, (kinds.get(record.log_kind) ?? 0) + 1);
  }
  expect(kinds.get("compliance")).toBe(1);
  expect(kinds.get("telemetry")).toBe(1);
  expect(api.output() + api.errors()).not.toMatch(/Unwritten|Twist|KITCHEN|ANNA/);
});

test("the image's shell starts it with core dumps off, and is gone by then (SP-6)", async () => {
  const bin = mkdtempSync(join(tmpdir(), "palisade-shell-"));
  try {
    for (const [name, program] of [
      ["sh", "toolbox"],
      ["prlimit", "toolbox"],
      ["gunicorn", "scriptpulse-api"],
    ] as const)
      symlinkSync(await referenceBinary(program), join(bin, name));
    port = await freePort();
    const [, ...args] = withoutCoreDumps(["gunicorn", "scriptpulse.api:app"]);
    const started = await start("toolbox", args, { ...environment(), PATH: bin }, undefined, "sh");
    await until(() => healthy(port, "/healthz"));
    expect(readFileSync(`/proc/${started.child.pid}/limits`, "utf8")).toMatch(/Max core file size +1 +1 /);
    started.child.kill("SIGTERM");
    expect(await started.ended).toBe(0);
  } finally {
    rmSync(bin, { recursive: true });
  }
});
