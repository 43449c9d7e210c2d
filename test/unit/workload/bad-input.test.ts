// A specification with faults: refused before anything is registered, all at once, each with path, found and allowed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadCatalog } from "../../../src/catalog/catalog";
import { SpecificationError } from "../../../src/workload/specification-error";
import { defineWorkload, type WorkloadInput } from "../../../src/workload/workload";

type ServiceInput = WorkloadInput["services"][string];

const sound: ServiceInput = {
  description: "A service.",
  image: { repository: "x/api" },
  ports: [{ name: "api", number: 8443 }],
  health: { path: "/healthz", port: "api" },
  resources: { cpuMillicores: 500, memoryMiB: 512 },
  scaling: { minReplicas: 2, maxReplicas: 4 },
  network: { exposure: "public" },
};

/** What a file that is not type-checked may hold. */
function refused(services: Record<string, unknown>): readonly { path: string; message: string }[] {
  try {
    defineWorkload({ name: "x", title: "X", services: services as Record<string, ServiceInput> });
  } catch (error) {
    if (error instanceof SpecificationError) return error.faults;
    throw error;
  }
  return [];
}

test("the sound one is sound", () => {
  expect(refused({ api: sound })).toEqual([]);
});

test.each<[string, Record<string, unknown>, string, RegExp]>([
  ["no limits", { ...sound, resources: undefined }, "services.api.resources", /^found nothing; allowed: a mapping$/],
  [
    "no memory limit",
    { ...sound, resources: { cpuMillicores: 500 } },
    "services.api.resources.memoryMiB",
    /^found nothing; allowed: a (whole )?number$/,
  ],
  ["no health on a public port", { ...sound, health: undefined }, "services.api.health", /needs it \(RT-2\)/],
  [
    "no health on a port nobody calls",
    { ...sound, health: undefined, network: { exposure: "none" } },
    "services.api.health",
    /found nothing; allowed: the path and port/,
  ],
  [
    "an image by tag",
    { ...sound, image: { repository: "x/api:latest" } },
    "services.api.image.repository",
    /^found `x\/api:latest`; allowed: a repository path without host, tag or digest/,
  ],
  [
    "root",
    { ...sound, image: { repository: "x/api", user: 0 } },
    "services.api.image.user",
    /found `0`; allowed: at least 1/,
  ],
  [
    "a secret in clear, by its name",
    { ...sound, environment: { API_KEY: "hunter2" } },
    "services.api.environment.API_KEY",
    /found a secret in plain text; allowed: its name under `secrets`/,
  ],
  [
    "a secret in clear, by its value",
    { ...sound, environment: { UPSTREAM: "https://user:hunter2@example.com" } },
    "services.api.environment.UPSTREAM",
    /found a secret in plain text/,
  ],
  ["an unknown field", { ...sound, replicas: 3 }, "services.api", /found the unknown `replicas`/],
  [
    "an exposure that is none",
    { ...sound, network: { exposure: "open" } },
    "services.api.network.exposure",
    /found `open`; allowed: `public`, `internal`, `none`/,
  ],
])("%s", (_, service, path, message) => {
  const faults = refused({ api: service });
  expect(faults.map(fault => fault.path)).toEqual([path]);
  expect(faults[0]?.message).toMatch(message);
  expect(JSON.stringify(faults)).not.toContain("hunter2");
});

test("one port for two services, and two entrances", () => {
  expect(refused({ api: sound, other: sound })).toEqual([
    {
      path: "services.other.ports.0.number",
      message: expect.stringMatching(/found 8443, which is a port of `api` too/),
    },
    { path: "services.other.network.exposure", message: expect.stringMatching(/allowed: one public service/) },
  ]);
});

test("what is wrong with one service does not hide what is wrong with another", () => {
  const paths = refused({
    api: { ...sound, resources: undefined },
    worker: { ...sound, network: { exposure: "none" }, health: undefined, environment: { API_KEY: "hunter2" } },
  }).map(fault => fault.path);
  expect(paths).toEqual(["services.api.resources", "services.worker.health", "services.worker.environment.API_KEY"]);
});

test("all faults of all files of a catalogue come in one error, each file named", () => {
  const directory = mkdtempSync(join(tmpdir(), "palisade-bad-input-"));
  const model = join(__dirname, "../../../src/workload/workload");
  const file = (name: string, service: unknown) =>
    writeFileSync(
      join(directory, `${name}.ts`),
      `import { defineWorkload } from ${JSON.stringify(model)};
       export const w = defineWorkload({ name: "${name}", title: "W", services: { api: ${JSON.stringify(service)} as never } });`,
    );
  try {
    file("first", { ...sound, resources: undefined, environment: { API_KEY: "hunter2" } });
    file("second", { ...sound, health: undefined });
    writeFileSync(join(directory, "third.ts"), "export const nothing = 1;");
    const message = thrownBy(() => loadCatalog(directory));
    expect(message).toMatch(/nothing was registered/);
    expect(message).toMatch(/`first\.ts`: workload `first` has/);
    expect(message).toMatch(/services\.api\.resources: found nothing/);
    expect(message).toMatch(/`second\.ts`: workload `second` has 1 fault/);
    expect(message).toMatch(/`third\.ts` exports no workloads/);
    expect(message).not.toContain("hunter2");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

function thrownBy(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return String(error);
  }
  throw new Error("nothing was thrown");
}
