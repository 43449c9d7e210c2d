// The stand-in of ISS as processes: three replicas over one directory, killed, restarted, tampered with, drained (IS-1 to IS-4, IS-9).
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { logRecordSchema } from "../../../src/workload/log-record";
import { run } from "../../../toolchain/run";
import { freePort } from "../../../toolchain/sandbox";
import { referenceBinary } from "../../services/images";
import { ask, endAll, healthy, type Process, start, until } from "./process";

let root: string;
let binary: string;
beforeAll(async () => {
  binary = await referenceBinary("iss-api");
}, 900_000);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "palisade-iss-"));
  for (const name of ["forensic_logs", "spice_layer", "memory_matrix"]) mkdirSync(join(root, name));
});
afterEach(async () => {
  await endAll();
  rmSync(root, { recursive: true });
});

const environment = (port: number) => ({
  PORT: String(port),
  NODE_ID: "ISS_MODULE_V2",
  STORAGE_PATH: join(root, "forensic_logs"),
  SPICE_STORAGE_PATH: join(root, "spice_layer"),
  MATRIX_ROOT: join(root, "memory_matrix"),
  SECRET_KEY: "of the tests only",
  DRAIN_DELAY_SECONDS: "1",
});

async function replica(): Promise<Process & { port: number }> {
  const port = await freePort();
  const started = await start("iss-api", [], environment(port));
  await until(() => healthy(port, "/health"));
  return { ...started, port };
}

const pulse = (port: number) => ask(port, "/time/pulse").then(answer => answer.json() as { sequence: number });
const chainFile = () => join(root, "forensic_logs", "glyph_chain.jsonl");
const verify = () => run(binary, ["verify", join(root, "forensic_logs")], { env: { SECRET_KEY: "of the tests only" } });

/** The example of the service's own guide. */
const descriptor = {
  process_name: "WorkerSKG_Job_Execution",
  process_version: "2.1.0",
  capability_level: 4,
  process_outcome: "compliant",
  compliance_score: 0.94,
  apriori_refs: ["constraint:deterministic_replay"],
  aposteriori_refs: ["outcome:job_success"],
  glyph_range_start: "a1b2c3d4",
  glyph_range_end: "e5f6g7h8",
  glyph_count: 42,
  evidence_required: ["job_input", "execution_log"],
  evidence_provided: ["job_output", "forensic_timestamp"],
  assessed_by: "WorkerSKG_Audit",
  assessment_method: "automated_verification",
  active_constraints: ["immutable_memory"],
};

test("three replicas write one chain, one is killed amid its writes, and it stays whole (IS-4)", async () => {
  const replicas = await Promise.all([replica(), replica(), replica()]);
  const writing = replicas.map(async ({ port }) => {
    const made: number[] = [];
    for (let i = 0; i < 40; i++) {
      const { sequence } = await pulse(port).catch(() => ({ sequence: 0 }));
      if (sequence > 0) made.push(sequence);
    }
    return made;
  });
  await until(() => readFileSync(chainFile(), "utf8").split("\n").length > 30);
  replicas[2]?.child.kill("SIGKILL");
  const given = (await Promise.all(writing)).flat();
  expect(new Set(given).size).toBe(given.length);
  expect(given.length).toBeGreaterThan(80);

  const back = await replica();
  await pulse(back.port);
  const report = (await ask(back.port, "/time/verify")).json() as { intact: boolean; length: number; faults: [] };
  expect(report).toMatchObject({ intact: true, faults: [] });
  expect(report.length).toBeGreaterThan(Math.max(...given));
  expect(await verify()).toMatchObject({ code: 0 });
  expect((await ask(back.port, "/audit/verify/integrity")).status).toBe(200);
});

test("a descriptor is witnessed by the chain, found again, and its trail shows it (IS-2)", async () => {
  const { port } = await replica();
  const made = await ask(port, "/spice/descriptor", { body: descriptor });
  expect(made.status).toBe(201);
  const { descriptor_id: id } = made.json();
  expect((await ask(port, `/spice/descriptor/${id}`)).json()).toMatchObject(descriptor);
  expect((await ask(port, "/spice/find/glyph/e5f6g7h8")).json()).toEqual({ descriptors: [id] });
  expect((await ask(port, "/spice/capability/report")).json()).toEqual({
    processes: {
      WorkerSKG_Job_Execution: { assessments: 1, highest_capability_level: 4, mean_compliance_score: 0.94 },
    },
  });
  expect((await ask(port, `/audit/trail/${id}`)).json()).toMatchObject({ witness: { kind: "descriptor" } });
  expect((await ask(port, "/audit/verify/integrity")).json()).toMatchObject({ intact: true, descriptors: 1 });
  expect((await ask(port, "/spice/descriptor/none")).status).toBe(404);
  expect((await ask(port, "/spice/descriptor", { body: { ...descriptor, capability_level: 9 } })).status).toBe(422);
  expect((await ask(port, "/spice/descriptor", { body: { ...descriptor, more: 1 } })).status).toBe(400);
});

const edits: [string, () => void][] = [
  ["a pulse", () => edit(chainFile(), text => text.replace('"sequence":1,', '"sequence":1, '))],
  ["the end of the chain, cut off", () => edit(chainFile(), text => `${text.split("\n").slice(0, -2).join("\n")}\n`)],
  [
    "a descriptor",
    () => edit(join(root, "spice_layer", "spice_descriptors.jsonl"), text => text.replace("0.94", "0.95")),
  ],
  ["a descriptor, removed", () => edit(join(root, "spice_layer", "spice_descriptors.jsonl"), () => "")],
];

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

test.each(edits)("tampering with %s is detected (IS-9)", async (_, tamper) => {
  const { port, records } = await replica();
  await ask(port, "/spice/descriptor", { body: descriptor });
  await pulse(port);
  expect((await ask(port, "/audit/verify/integrity")).status).toBe(200);
  tamper();
  const found = await ask(port, "/audit/verify/integrity");
  expect(found.status).toBe(409);
  expect(found.json()).toMatchObject({ intact: false });
  await until(() => records().some(r => r.severity === "alert"));
});

test("`verify` ends in one for a chain that was changed, and a replica does not extend a broken end", async () => {
  const { port } = await replica();
  await pulse(port);
  edit(chainFile(), text => text.replace("ISS_MODULE_V2", "ISS_MODULE_V3"));
  const { code, stderr } = await verify();
  expect(code).toBe(1);
  expect(stderr).toMatch(/not what was written: 1 fault\(s\), the first in line 1/);
  expect((await ask(port, "/time/pulse")).status).toBe(503);
  expect(await healthy(port, "/health")).toBe(false);
});

test("what a writer left half-written is cut off and told", async () => {
  const { port, records } = await replica();
  await pulse(port);
  appendFileSync(chainFile(), '{"sequence":2,"node_id":"IS');
  expect(await pulse(port)).toMatchObject({ sequence: 2 });
  await until(() => records().some(r => r.event === "chain.torn_line"));
  expect((await verify()).code).toBe(0);
});

test("told to stop, it says so first, answers what still comes, and ends in zero", async () => {
  const { port, child, ended, records } = await replica();
  child.kill("SIGTERM");
  await until(async () => !(await healthy(port, "/health")));
  expect((await ask(port, "/time/pulse")).status).toBe(200);
  expect(await ended).toBe(0);
  expect(records().at(-1)).toMatchObject({ event: "process.drained" });
});

test("its output and its log files are records of the platform (RT-23, IS-6)", async () => {
  const { port, records } = await replica();
  await ask(port, "/spice/descriptor", { body: descriptor });
  await until(() => records().some(r => r.event === "http.request"));
  const lines = [join("forensic_logs", "forensic_audit.log"), join("spice_layer", "constitutional_binding.jsonl")]
    .flatMap(file => readFileSync(join(root, file), "utf8").trim().split("\n"))
    .map(line => JSON.parse(line));
  expect(lines.length).toBe(2);
  for (const record of [...records(), ...lines]) expect(logRecordSchema.safeParse(record).error).toBeUndefined();
});

test("variables are held to what they must be before it starts (IS-1, IS-5)", async () => {
  const wrong = await start("iss-api", [], {
    ...environment(1),
    PORT: "x",
    SECRET_KEY: "",
    APP_ENV: "prod",
    ALLOW_ORIGINS: "*",
    MATRIX_ROOT: "/none",
  });
  expect(await wrong.ended).toBe(1);
  for (const part of [
    /PORT must be/,
    /SECRET_KEY is not set/,
    /ALLOW_ORIGINS is \* outside dev/,
    /MATRIX_ROOT is no directory/,
  ])
    expect(wrong.errors()).toMatch(part);
});
