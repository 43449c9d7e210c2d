// What the collector does with logs on a node and in the sink, run for real (SP-6, SP-8, SP-9, SP-14, SP-15, IS-6, RT-23).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { Siem } from "../../src/components/kubernetes/cluster-foundation-home";
import type { CollectorConfig } from "../../src/components/kubernetes/collector";
import { shipperConfig } from "../../src/components/kubernetes/log-shipper";
import { logSinkConfig } from "../../src/components/kubernetes/log-sink-config";
import { nodeLogConfig } from "../../src/components/kubernetes/node-log-config";
import { telemetryConfig } from "../../src/components/kubernetes/telemetry-config";
import { logFiles } from "../../src/workload/log-files";
import { foundationHome, system, systemHome } from "../unit/kubernetes/helper-homes";
import { collectorProgram, refusal, room, runUntil } from "./collector";

beforeAll(async () => {
  await collectorProgram();
}, 900_000);

const syslog: Siem = { kind: "syslog", host: "siem.example.com", ranges: ["198.51.100.0/24"] };
const hec: Siem = { kind: "https", host: "siem.example.com", path: "/services/collector", ranges: ["198.51.100.0/24"] };
const iss = systemHome("iss");
const router = system("router").services;

test.each([
  ["node", () => nodeLogConfig(foundationHome(), 256)],
  ["sink", () => logSinkConfig(foundationHome(), 256)],
  ["sink with syslog", () => logSinkConfig(foundationHome({ siem: syslog }), 256)],
  ["sink with an event collector", () => logSinkConfig(foundationHome({ siem: hec }), 256)],
  ["shipper", () => shipperConfig(iss, logFiles(iss.workload))],
  ["traces and metrics", () => telemetryConfig({ services: router, samplePercent: 25, memoryMiB: 512 })],
  [
    "traces that go on",
    () =>
      telemetryConfig({ services: router, samplePercent: 25, memoryMiB: 512, endpoint: "https://otel.example.com" }),
  ],
])("the collector takes the configuration of the %s", async (_name, config) => {
  expect(await refusal(config(), { SIEM_ACCESS_KEY: "of-the-tests" })).toBe("");
});

test("a condition that the collector cannot read is refused: the checks above can fail", async () => {
  const config = nodeLogConfig(foundationHome(), 256);
  const broken = {
    ...config,
    processors: { ...Object(config.processors), "filter/declared": { logs: { log_record: ["nonsense("] } } },
  };
  expect(await refusal(broken)).toContain("filter/declared");
});

interface Kept {
  body: unknown;
  attributes: Record<string, unknown>;
}

/** What a service's lines on standard output become before they leave the node. */
async function afterNode(namespace: string, container: string, lines: string[]): Promise<Kept[]> {
  const config = nodeLogConfig(foundationHome(), 256);
  const { directory, remove } = room({});
  try {
    const pod = join(directory, "pods", `${namespace}_pod-abc_0f5c1c1e-0000-4000-8000-000000000000`, container);
    mkdirSync(pod, { recursive: true });
    const all = [...lines, JSON.stringify({ log_kind: "application", event: "the-last-record" })];
    const stamped = all.map((line, i) => `2030-01-01T00:00:00.${String(i).padStart(9, "0")}Z stdout F ${line}\n`);
    writeFileSync(join(pod, "0.log"), stamped.join(""));
    const out = join(directory, "out.jsonl");
    const { receivers, service } = Object(config) as {
      receivers: { filelog: object };
      service: { pipelines: { logs: object } };
    };
    const local: CollectorConfig = {
      ...config,
      receivers: { filelog: { ...receivers.filelog, include: [`${directory}/pods/*/*/*.log`] } },
      exporters: { file: { path: out } },
      extensions: { file_storage: { directory } },
      service: {
        extensions: ["file_storage"],
        telemetry: { logs: { level: "warn" }, metrics: { level: "none" } },
        pipelines: { logs: { ...service.pipelines.logs, exporters: ["file"] } },
      },
    };
    const written = room(local);
    try {
      await runUntil(written.file, () => existsSync(out) && readFileSync(out, "utf8").includes("the-last-record"));
    } finally {
      written.remove();
    }
    return recordsOf(readFileSync(out, "utf8")).filter(({ body }) => !JSON.stringify(body).includes("the-last-record"));
  } finally {
    remove();
  }
}

type Value = {
  stringValue?: string;
  intValue?: string;
  doubleValue?: number;
  boolValue?: boolean;
  kvlistValue?: { values?: Pair[] };
};
type Pair = { key: string; value: Value };

function recordsOf(text: string): Kept[] {
  return text
    .trim()
    .split("\n")
    .flatMap(line => JSON.parse(line).resourceLogs)
    .flatMap(resource => resource.scopeLogs)
    .flatMap(scope => scope.logRecords)
    .map(record => ({ body: plain(record.body), attributes: pairs(record.attributes ?? []) }));
}

function plain(value: Value): unknown {
  if (value.kvlistValue) return pairs(value.kvlistValue.values ?? []);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.doubleValue ?? value.boolValue;
}

function pairs(all: Pair[]): Record<string, unknown> {
  return Object.fromEntries(all.map(({ key, value }) => [key, plain(value)]));
}

const runId = "a".repeat(64);
const complete = {
  log_kind: "compliance",
  run_id: runId,
  timestamp: "2030-01-01T00:00:00Z",
  role: "WRITER",
  assertion: "NON_DECISIONAL_SUPPORT",
  tenant_id: "acme",
};
const measured = {
  scene_count: 3,
  dialogue_ratio: 0.5,
  action_ratio: 0.25,
  heading_ratio: 0.25,
  other_ratio: 0,
  alert_count: 0,
};

test("of a memory-only service only declared records leave the node, and never a word of anything else", async () => {
  const secret = "INT. KITCHEN - NIGHT";
  const kept = await afterNode("scriptpulse-prod", "api", [
    `Traceback: ${secret}`,
    JSON.stringify({ event: "script.analysed", request_id: "r-1", script: secret, status: 200 }),
    JSON.stringify({ event: secret, status: "200" }),
    JSON.stringify(complete),
    JSON.stringify({ ...complete, role: secret, tenant_id: "stranger" }),
    JSON.stringify({ log_kind: "telemetry", ...measured }),
    JSON.stringify({ log_kind: "telemetry", ...measured, note: secret }),
    JSON.stringify({ log_kind: "telemetry", scene_count: 3 }),
    JSON.stringify({ log_kind: secret, event: "named.wrongly" }),
    JSON.stringify([secret]),
    `{"event":"torn`,
  ]);
  expect(JSON.stringify(kept)).not.toContain("KITCHEN");
  const bodies = kept.map(({ body }) => body);
  expect(bodies).toEqual(
    [
      { log_kind: "application", withheld: 1 },
      { log_kind: "application", event: "script.analysed", request_id: "r-1", status: 200, withheld: 1 },
      { log_kind: "application", withheld: 2 },
      complete,
      { ...complete, role: undefined, tenant_id: "stranger", withheld: 1, missing: 1 },
      { log_kind: "telemetry", ...measured },
      { log_kind: "application", event: "named.wrongly" },
      { log_kind: "application", withheld: 1 },
      { log_kind: "application", withheld: 1 },
    ].map(body => JSON.parse(JSON.stringify(body))),
  );
  const tenants = kept.map(({ attributes }) => attributes["palisade.tenant"]);
  expect(tenants.filter(Boolean)).toEqual(["acme"]);
});

test("other services' lines leave the node as they are", async () => {
  const line = JSON.stringify({ event: "request.done", status: "ok" });
  const kept = await afterNode("sanctum-prod", "backend", [line, "plain words"]);
  expect(kept.map(({ body }) => body)).toEqual([line, "plain words"]);
  expect(kept.map(({ attributes }) => attributes.log_kind)).toEqual(["application", "application"]);
});
