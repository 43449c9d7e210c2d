// What a memory-only service may not ask for, and what logs may declare.
import { expect, test } from "vitest";
import { defineWorkload, type WorkloadInput } from "../../../src/workload/workload";

type ServiceInput = WorkloadInput["services"][string];
const define = (changes: Partial<ServiceInput> = {}, more: Partial<WorkloadInput> = {}) => {
  const service: ServiceInput = {
    description: "d",
    image: { repository: "x/a", command: ["serve"] },
    memoryOnly: true,
    resources: { cpuMillicores: 250, memoryMiB: 512 },
    scaling: { minReplicas: 1, maxReplicas: 1 },
    network: { exposure: "none" },
    logs: [{ kind: "application", fields: { event: "identifier" } }],
    ...changes,
  };
  return defineWorkload({ name: "x", title: "X", services: { a: service }, ...more });
};
const ratio = "ratio" as const;

test("scratch in memory and declared logs are all it needs", () => {
  expect(() =>
    define({
      tmpfs: [
        { path: "/tmp", sizeMiB: 1 },
        { path: "/dev/shm/x", sizeMiB: 1 },
      ],
    }),
  ).not.toThrow();
});

test.each<[string, Partial<ServiceInput>, Partial<WorkloadInput>]>([
  [
    "services.a.machine",
    { machine: { operatingSystem: "ubuntu-22.04" }, resources: { cpuMillicores: 250, memoryMiB: 1024 } },
    {},
  ],
  ["services.a.image.command", { image: { repository: "x/a" } }, {}],
  ["services.a.tracing", { tracing: {} }, {}],
  ["services.a.tmpfs.0.path", { tmpfs: [{ path: "/data", sizeMiB: 1 }] }, {}],
  ["services.a.tmpfs.0.path", { tmpfs: [{ path: "/tmpfs", sizeMiB: 1 }] }, {}],
  [
    "services.a.logs.0.file",
    { tmpfs: [{ path: "/tmp", sizeMiB: 1 }], logs: [{ kind: "audit", file: "/tmp/a.log" }] },
    {},
  ],
  ["services.a.logs.0.fields", { logs: [{ kind: "application" }] }, {}],
  ["state.postgres.clients", {}, { state: { postgres: { databaseName: "x", storageGiB: 20, clients: ["a"] } } }],
  [
    "state.vectors.clients",
    {},
    { state: { vectors: { databaseName: "x", storageGiB: 20, clients: ["a"], dimensions: 3 } } },
  ],
  [
    "state.buckets.b.prefixes.p/.writers",
    {},
    { state: { buckets: { b: { prefixes: { "p/": { writers: ["a"] } } } } } },
  ],
  ["state.volumes.v.mounts", {}, { state: { volumes: { v: { sizeGiB: 1, mounts: [{ service: "a", path: "/v" }] } } } }],
  ["state.queues.q.producers", {}, { state: { queues: { q: { producers: ["a"], consumers: ["a"] } } } }],
])("%s is refused of it, and of it alone (SP-6)", (path, service, more) => {
  expect(() => define(service, more)).toThrow(new RegExp(`^  ${path.replaceAll(".", "\\.")}: .*\\(SP-6\\)$`, "m"));
  expect(() => define({ memoryOnly: false, ...service }, more)).not.toThrow();
});

test("it may read what others put there", () => {
  const buckets = { b: { prefixes: { "p/": { readers: ["a"] } } } };
  expect(() => define({}, { state: { buckets } })).not.toThrow();
});

test.each<[string, ServiceInput["logs"]]>([
  ["logs.0.fields: `compliance` records hold declared fields only", [{ kind: "compliance" }]],
  ["logs.0.fields: `telemetry` records hold declared fields only", [{ kind: "telemetry" }]],
  ["logs.0.fields.title: telemetry holds", [{ kind: "telemetry", fields: { share: ratio, title: "identifier" } }]],
  ["logs.0.fields: are those of standard output", [{ kind: "compliance", file: "/a.log", fields: { share: ratio } }]],
  ["logs.0.fields: an audit log is kept as it comes", [{ kind: "audit", fields: { share: ratio } }]],
  ["logs.0.fields.log_kind: is a name that the platform gives", [{ kind: "application", fields: { log_kind: ratio } }]],
  [
    "logs.0.fields.tenant_id: is a name that the platform gives",
    [{ kind: "application", fields: { tenant_id: ratio } }],
  ],
  [
    "logs.1.kind: standard output has `application` already",
    [
      { kind: "application", fields: { share: ratio } },
      { kind: "application", fields: { share: ratio } },
    ],
  ],
])("%s", (message, logs) => {
  const tenancy = { claim: "tenant_id", requestsPerMinute: 1 };
  expect(() => define({ memoryOnly: false, logs }, { tenancy })).toThrow(message);
});
