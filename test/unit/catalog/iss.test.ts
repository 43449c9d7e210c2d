import { expect, test } from "vitest";
import { iss } from "../../../src/catalog/iss";
import { hopsOf } from "../../../src/workload/hops";
import { logFiles } from "../../../src/workload/log-files";

const { api } = iss.services;

test("it listens where its environment says, behind the edge and over TLS (IS-1, IS-5)", () => {
  expect(api?.ports).toEqual([{ name: "api", number: 8000, protocol: "https" }]);
  expect(api?.environment.PORT).toBe("8000");
  expect(hopsOf(iss)).toEqual([{ kind: "edge-to-service", to: "api" }]);
});

test("every variable of the seed is there, and SECRET_KEY is a secret (IS-1, IS-5)", () => {
  expect(Object.keys(api?.environment ?? {}).sort()).toEqual([
    "ALLOW_ORIGINS",
    "API_DESCRIPTION",
    "API_TITLE",
    "API_VERSION",
    "MATRIX_ROOT",
    "NODE_ID",
    "PORT",
    "SPICE_STORAGE_PATH",
    "STORAGE_PATH",
  ]);
  expect(iss.secrets.SECRET_KEY).toMatchObject({ source: "generated", readers: ["api"] });
});

test("browsers of one origin are answered: the stack's (IS-5)", () => {
  expect(api?.environment.ALLOW_ORIGINS).toEqual({ from: "frontend-origin" });
});

test("health gates traffic (IS-2)", () => {
  expect(api?.health).toMatchObject({ path: "/health", port: "api" });
});

test("three replicas of 4 GiB, and no stack may go below 2 GiB (IS-4, IS-8)", () => {
  expect(api?.scaling).toMatchObject({ minReplicas: 3, maxReplicas: 3 });
  expect(api?.resources).toMatchObject({ memoryMiB: 4096, floor: { memoryMiB: 2048 } });
});

test("they share three directories of user 1000, each where a variable says, the vaults read-only (IS-3, IS-4, IS-9)", () => {
  const volumes = Object.values(iss.state.volumes);
  expect(volumes.every(v => v.ownerUser === 1000 && v.sharing === "replicas" && v.sizeGiB >= 10)).toBe(true);
  const { STORAGE_PATH, SPICE_STORAGE_PATH, MATRIX_ROOT } = api?.environment ?? {};
  expect(volumes.flatMap(v => v.mounts)).toEqual([
    { service: "api", path: STORAGE_PATH, readOnly: false },
    { service: "api", path: SPICE_STORAGE_PATH, readOnly: false },
    { service: "api", path: MATRIX_ROOT, readOnly: true },
  ]);
});

test("the forensic and the constitutional log are followed, apart from each other (IS-6)", () => {
  expect(logFiles(iss).map(({ kind, volume, within }) => ({ kind, volume, within }))).toEqual([
    { kind: "audit", volume: "forensic-logs", within: "forensic_audit.log" },
    { kind: "compliance", volume: "spice-layer", within: "constitutional_binding.jsonl" },
  ]);
});
