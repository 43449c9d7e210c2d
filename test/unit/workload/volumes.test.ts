import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logFiles, placeOf } from "../../../src/workload/log-files";
import { defineWorkload, type WorkloadInput } from "../../../src/workload/workload";

type ServiceInput = WorkloadInput["services"][string];
type Volumes = NonNullable<NonNullable<WorkloadInput["state"]>["volumes"]>;

function define(volumes: Volumes, services: Record<string, Partial<ServiceInput>> = { a: {}, b: {} }) {
  return defineWorkload({
    name: "sample",
    title: "Sample",
    services: Object.fromEntries(
      Object.entries(services).map(([name, changes]): [string, ServiceInput] => [
        name,
        {
          description: "Writes.",
          image: { repository: `sample/${name}` },
          resources: { cpuMillicores: 250, memoryMiB: 512 },
          scaling: { minReplicas: 1, maxReplicas: 1 },
          network: { exposure: "none" },
          ...changes,
        },
      ]),
    ),
    state: { volumes },
  });
}

const volume = (...mounts: Volumes[string]["mounts"]): Volumes[string] => ({ sizeGiB: 1, sharing: "replicas", mounts });
const logs = (file: string): Partial<ServiceInput> => ({ logs: [{ kind: "audit", file }] });

describe("a specification is refused, with the path of the fault", () => {
  test.each<[string, () => unknown, string]>([
    [
      "two volumes at one path",
      () => define({ x: volume({ service: "a", path: "/data" }), y: volume({ service: "a", path: "/data/" }) }),
      "state.volumes.y.mounts.0.path: `/data/` of service `a` is already the path of volume `x`",
    ],
    [
      "one volume twice at one path",
      () => define({ x: volume({ service: "a", path: "/data" }, { service: "a", path: "/data", readOnly: true }) }),
      "state.volumes.x.mounts.1.path",
    ],
    [
      "a volume at the path of a tmpfs",
      () => define({ x: volume({ service: "a", path: "/tmp" }) }, { a: { tmpfs: [{ path: "/tmp", sizeMiB: 1 }] } }),
      "`/tmp` of service `a` is already the path of a tmpfs",
    ],
    [
      "a tmpfs twice",
      () => define({}, { a: { tmpfs: ["/tmp", "/tmp/"].map(path => ({ path, sizeMiB: 1 })) } }),
      "services.a.tmpfs.1.path",
    ],
    [
      "a volume over the whole image",
      () => define({ x: volume({ service: "a", path: "/" }) }),
      "state.volumes.x.mounts.0.path: is the root of the container",
    ],
    [
      "a log on the root file system",
      () => define({ x: volume({ service: "a", path: "/data" }) }, { a: logs("/database/audit.log") }),
      "services.a.logs.0.file: lies on the root file system",
    ],
    [
      "a log that is the mount itself",
      () => define({ x: volume({ service: "a", path: "/data" }) }, { a: logs("/data") }),
      "services.a.logs.0.file: lies on the root file system",
    ],
    [
      "a log on a volume of another service",
      () => define({ x: volume({ service: "b", path: "/data" }) }, { a: logs("/data/audit.log"), b: {} }),
      "services.a.logs.0.file: lies on the root file system",
    ],
    [
      "a log where its service cannot write",
      () => define({ x: volume({ service: "a", path: "/data", readOnly: true }) }, { a: logs("/data/audit.log") }),
      "services.a.logs.0.file: `a` mounts volume `x` read-only",
    ],
    [
      "one log of two services",
      () =>
        define(
          { x: volume({ service: "a", path: "/data" }, { service: "b", path: "/var/data" }) },
          { a: logs("/data/audit.log"), b: logs("/var/data/audit.log") },
        ),
      "services.b.logs.0.file: is a log of `a` already",
    ],
    [
      "the platform's name for a service",
      () =>
        define({ x: volume({ service: "log-shipper", path: "/data" }) }, { "log-shipper": logs("/data/audit.log") }),
      "services.log-shipper: `log-shipper` is the platform's own name",
    ],
    [
      "the platform's name for a volume",
      () => define({ "log-shipper": volume({ service: "a", path: "/data" }) }, { a: logs("/data/audit.log") }),
      "state.volumes.log-shipper: `log-shipper` is the platform's own name",
    ],
    [
      "a floor above the memory",
      () => define({}, { a: { resources: { cpuMillicores: 250, memoryMiB: 512, floor: { memoryMiB: 1024 } } } }),
      "services.a.resources.floor.memoryMiB: is above `memoryMiB` (IS-8)",
    ],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(message);
  });
});

test("what looks alike and is not refused", () => {
  const shared = volume({ service: "a", path: "/data" }, { service: "b", path: "/data", readOnly: true });
  expect(() => define({ x: shared, y: volume({ service: "a", path: "/data/y" }) })).not.toThrow();
  expect(() => define({ "log-shipper": volume({ service: "a", path: "/data" }) })).not.toThrow();
});

test("a log file of a machine has one fault: that it is a file, not where it lies (CP-4)", () => {
  const machine = { operatingSystem: "ubuntu-22.04" as const };
  const resources = { cpuMillicores: 250, memoryMiB: 1024 };
  expect(() => define({}, { a: { machine, resources, ...logs("/var/log/audit.log") } })).toThrow(
    /has 1 fault:\n {2}services\.a\.logs: a `machine` logs to standard output: no `file` \(CP-4\)$/,
  );
  expect(() => define({}, { a: { machine, resources, logs: [{ kind: "audit" }] } })).not.toThrow();
});

test("a log on a tmpfs is no log on a volume", () => {
  const w = define({}, { a: { tmpfs: [{ path: "/tmp", sizeMiB: 1 }], ...logs("/tmp/audit.log") } });
  expect(placeOf(w, "a", "/tmp/audit.log")).toEqual({ tmpfs: "/tmp" });
  expect(logFiles(w)).toEqual([]);
});

test("of mounts within each other, the innermost holds the file", () => {
  const w = define({ x: volume({ service: "a", path: "/data" }), y: volume({ service: "a", path: "/data/deep/" }) });
  expect(placeOf(w, "a", "/data/deep/audit.log")).toMatchObject({ volume: "y", within: "audit.log" });
  expect(placeOf(w, "a", "/data/deeper/audit.log")).toMatchObject({ volume: "x", within: "deeper/audit.log" });
});

test("a path lies where its mount and its place on the volume put together say", () => {
  const step = fc.stringMatching(/^[a-z_]{1,6}$/);
  const path = fc.array(step, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(path, path, (mount, within) => {
      const at = `/${mount.join("/")}`;
      const w = define({ x: volume({ service: "a", path: at }) });
      expect(placeOf(w, "a", `${at}/${within.join("/")}`)).toEqual({
        volume: "x",
        within: within.join("/"),
        readOnly: false,
      });
      expect(placeOf(w, "a", `${at}-/${within.join("/")}`)).toBeUndefined();
    }),
  );
});
