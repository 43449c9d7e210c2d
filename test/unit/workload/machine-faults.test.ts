// A service with a machine: what it cannot be is refused, all at once, each with its place (CP-1, CP-4, CP-6, CP-7).
import { expect, test } from "vitest";
import { defineWorkload, type WorkloadInput } from "../../../src/workload/workload";

type ServiceInput = WorkloadInput["services"][string];

const control: ServiceInput = {
  description: "Controls.",
  image: { repository: "x/control" },
  machine: { operatingSystem: "ubuntu-22.04", units: ["control.service"] },
  resources: { cpuMillicores: 2000, memoryMiB: 4096 },
  scaling: { minReplicas: 1, maxReplicas: 1 },
  network: { exposure: "none" },
};
const define = (changes: Partial<ServiceInput>, more: Partial<WorkloadInput> = {}) =>
  defineWorkload({
    name: "x",
    title: "X",
    ...more,
    services: { control: { ...control, ...changes }, ...more.services },
  });

test("a machine that is reached by nobody and calls named ranges is sound", () => {
  const egressRanges = [{ cidr: "149.154.160.0/20", description: "Telegram" }];
  const network = { exposure: "none" as const, egress: ["api.telegram.org"], egressRanges };
  expect(define({ network }).services.control?.network.egressRanges).toEqual(egressRanges);
});

const range = { cidr: "149.154.160.0/20", description: "Telegram" };
const reachable = {
  ports: [{ name: "api", number: 8443 }],
  health: { path: "/healthz", port: "api" },
};

test.each<[string, Partial<ServiceInput>]>([
  ["network.exposure: a `machine` is reached by nobody", { ...reachable, network: { exposure: "public" } }],
  ["network.egressRanges: a `machine` is held to addresses", { network: { exposure: "none", egress: ["a.example"] } }],
  ["scaling.maxReplicas: a `machine` does not scale", { scaling: { minReplicas: 1, maxReplicas: 2 } }],
  ["resources.memoryMiB: a `machine` has at least 1024", { resources: { cpuMillicores: 500, memoryMiB: 512 } }],
  ["resources.gpus: a `machine` has none", { resources: { cpuMillicores: 500, memoryMiB: 2048, gpus: 1 } }],
  [
    "resources.ceiling: a `machine` keeps its size",
    { resources: { cpuMillicores: 500, memoryMiB: 2048, ceiling: { cpuMillicores: 1000, memoryMiB: 4096 } } },
  ],
  ["environment.PEM: has more than one line", { environment: { PEM: "a\nb" } }],
  ["interruptible: a `machine` is not taken away", { interruptible: true }],
  ["tracing: a `machine` runs no collector", { tracing: {} }],
  ["logs: a `machine` logs to standard output", { logs: [{ kind: "audit", file: "/var/log/audit.log" }] }],
  [
    "machine.units.1: unit `a.service` is named twice",
    { machine: { operatingSystem: "ubuntu-22.04", units: ["a.service", "a.service"] } },
  ],
  ...["docker.service", "ssh.service", "systemd-resolved.service", "palisade-watch.service", "user@1000.service"].map(
    (unit): [string, Partial<ServiceInput>] => [
      `machine.units.0: \`${unit}\` is a unit of the operating system`,
      { machine: { operatingSystem: "ubuntu-22.04", units: [unit] } },
    ],
  ),
  [
    "machine.units.0: `-H.service` does not begin",
    { machine: { operatingSystem: "ubuntu-22.04", units: ["-H.service"] } },
  ],
])("refused: %s", (message, changes) => {
  expect(() => define(changes)).toThrow(`services.control.${message}`);
});

test("a container calls by name, not by address", () => {
  expect(() => define({ machine: undefined, network: { exposure: "none", egressRanges: [range] } })).toThrow(
    "services.control.network.egressRanges: only a `machine` calls by address",
  );
});

test("a machine keeps no state, and calls no service of the namespace", () => {
  const state = { volumes: { data: { sizeGiB: 1, mounts: [{ service: "control", path: "/data" }] } } };
  expect(() => define({}, { state })).toThrow("keeps no state (CP-1), but mounts `state.volumes.data`");
  const api: ServiceInput = {
    ...control,
    ...reachable,
    machine: undefined,
    network: { exposure: "internal", callers: ["control"] },
  };
  expect(() => define({}, { services: { api } })).toThrow("is among the callers of `api`");
});
