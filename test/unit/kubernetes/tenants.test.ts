// Tenants of a workload in a cluster (SP-9): who they are, and a key for each that no object shows.
import { expect, test } from "vitest";
import { tenantsPart } from "../../../src/components/kubernetes/tenants";
import { workloadObjects } from "../../../src/components/kubernetes/workload-objects";
import { systemHome } from "./helper-homes";
import { containersOf, podSpecs } from "./samples";

const home = systemHome("scriptpulse", { tenants: ["acme", "globex"] });

test("each tenant has a key of its own, made where the objects are applied", () => {
  const [plan] = tenantsPart(home).secrets ?? [];
  expect(plan).toMatchObject({ name: "tenant-keys", namespace: home.namespace });
  expect(plan?.keys).toEqual({
    acme: { kind: "generated", length: 48 },
    globex: { kind: "generated", length: 48 },
  });
});

test("the process is told who they are and where their keys lie, and reads them only", () => {
  const pod = podSpecs(workloadObjects(home).objects).find(({ name }) => name === "api");
  const [process] = containersOf(pod?.spec);
  expect(process).toMatchObject({
    env: expect.arrayContaining([
      { name: "TENANTS", value: "acme,globex" },
      { name: "TENANT_CLAIM", value: "tenant_id" },
      { name: "TENANT_HEADER", value: "x-tenant-id" },
      { name: "TENANT_KEYS_DIRECTORY", value: "/run/palisade/tenant-keys" },
    ]),
    volumeMounts: expect.arrayContaining([
      { name: "tenant-keys", mountPath: "/run/palisade/tenant-keys", readOnly: true },
    ]),
  });
});

test("a workload of one customer has nothing of it", () => {
  expect(tenantsPart(systemHome("sanctum"))).toEqual({});
});
