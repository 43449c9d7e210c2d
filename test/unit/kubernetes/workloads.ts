// Unit tests: workloads of every shape the model has, made at random.
import fc from "fast-check";
import { defineWorkload, type Workload, type WorkloadInput } from "../../../src/workload/workload";
import type { ServiceInput } from "./samples";

const names = ["alpha", "beta", "gamma", "delta"];

const shape = fc.record({
  kind: fc.constantFrom("public" as const, "internal" as const, "none" as const, "machine" as const),
  callers: fc.subarray(names),
  memoryOnly: fc.boolean(),
  check: fc.boolean(),
  user: fc.integer({ min: 1, max: 65_534 }),
  gpus: fc.integer({ min: 0, max: 2 }),
  units: fc.subarray(["one.service", "Two@x.service"]),
  minReplicas: fc.integer({ min: 1, max: 5 }),
  more: fc.integer({ min: 0, max: 5 }),
  turns: fc.boolean(),
  ceiling: fc.boolean(),
  interruptible: fc.boolean(),
  stopTimeoutSeconds: fc.integer({ min: 1, max: 120 }),
  minimumTls: fc.constantFrom("1.2" as const, "1.3" as const),
  mounts: fc.constantFrom("none" as const, "write" as const, "read" as const, "own" as const),
  reads: fc.boolean(),
  stores: fc.boolean(),
});
type Shape = typeof shape extends fc.Arbitrary<infer S> ? S : never;

/** One to four services; the first alone may be public. */
export const workloads: fc.Arbitrary<Workload> = fc
  .array(shape, { minLength: 1, maxLength: names.length })
  .map(shapes => defineWorkload(inputOf(shapes)));

function inputOf(shapes: Shape[]): WorkloadInput {
  const present = shapes.map((given, i) => ({ name: names[i] ?? "", given, i }));
  const machines = present.filter(({ given }) => given.kind === "machine").map(({ name }) => name);
  const callable = (name: string) => present.some(other => other.name === name) && !machines.includes(name);
  const keeping = present.filter(({ given }) => given.kind !== "machine" && !given.memoryOnly);
  const own = keeping.find(({ given }) => given.mounts === "own");
  const sharing = keeping.filter(({ given }) => given.mounts === "write" || given.mounts === "read");
  const readers = present.filter(({ given }) => given.reads).map(({ name }) => name);
  const clients = keeping.filter(({ given }) => given.stores).map(({ name }) => name);
  return {
    name: "random",
    title: "Random",
    services: Object.fromEntries(
      present.map(({ name, given, i }) => [
        name,
        serviceOf(
          given,
          i,
          given.callers.filter(caller => callable(caller) && caller !== name),
        ),
      ]),
    ),
    state: {
      ...(clients.length > 0 && { postgres: { databaseName: "random", storageGiB: 20, clients } }),
      volumes: {
        ...(own && { own: { sizeGiB: 1, mounts: [{ service: own.name, path: "/own" }] } }),
        ...(sharing.length > 0 && {
          shared: {
            sizeGiB: 3,
            sharing: "replicas" as const,
            mounts: sharing.map(({ name, given }) => ({
              service: name,
              path: "/shared",
              readOnly: given.mounts === "read",
            })),
          },
        }),
      },
    },
    secrets: readers.length > 0 ? { A_SECRET: { description: "One.", source: "generated", readers } } : {},
  };
}

function serviceOf(given: Shape, i: number, callers: string[]): ServiceInput {
  const machine = given.kind === "machine";
  const exposure = machine || (given.kind === "public" && i > 0) ? "none" : given.kind;
  const memoryOnly = given.memoryOnly && !machine;
  const fixed = machine || given.turns;
  const minReplicas = given.turns && !machine ? Math.max(given.minReplicas, 2) : given.minReplicas;
  return {
    description: "Made at random.",
    image: { repository: "random/one", user: given.user, command: ["run"] },
    memoryOnly,
    ...(memoryOnly && { logs: [{ kind: "application", fields: { event: "identifier" } }] }),
    ...(machine
      ? { machine: { operatingSystem: "ubuntu-22.04", units: given.units } }
      : {
          ports: [
            { name: "api", number: 8000 + i },
            { name: "more", number: 9000 + i },
          ],
          health: { path: "/healthz", port: "api" },
        }),
    resources: {
      cpuMillicores: 500,
      memoryMiB: 1024,
      gpus: machine ? 0 : given.gpus,
      ...(given.ceiling && !machine && { ceiling: { cpuMillicores: 1000, memoryMiB: 2048 } }),
    },
    tmpfs: [{ path: "/tmp", sizeMiB: 16 }],
    scaling: {
      minReplicas,
      maxReplicas: fixed ? minReplicas : minReplicas + given.more,
      targets: [{ metric: "latency-p95", milliseconds: 100 }],
      ...(given.turns && !machine && { mode: "active-passive" }),
    },
    lifecycle: {
      stopTimeoutSeconds: given.stopTimeoutSeconds,
      ...(given.check && { checkCommand: ["--check-config"] }),
    },
    interruptible: given.interruptible && !machine,
    network: {
      exposure: exposure === "machine" ? "none" : exposure,
      callers: exposure === "none" || exposure === "machine" ? [] : callers,
      minimumTls: given.minimumTls,
      ...(machine && { egressRanges: [{ cidr: "149.154.160.0/20", description: "Telegram" }] }),
    },
  };
}
