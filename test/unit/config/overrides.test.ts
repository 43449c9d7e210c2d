import { expect, test } from "vitest";
import { sanctum } from "../../../src/catalog/sanctum";
import { applyOverrides, databaseSettings } from "../../../src/config/overrides";
import { workload } from "../../../src/workload/workload";

test("what is overridden changes, all else stays", () => {
  const before = structuredClone(sanctum);
  const effective = applyOverrides(sanctum, {
    services: { backend: { minReplicas: 3, memoryMiB: 2048, environment: { LOG_LEVEL: "debug" } } },
    vectors: { storageGiB: 200 },
  });
  expect(effective).toEqual({
    ...sanctum,
    services: {
      ...sanctum.services,
      backend: {
        ...sanctum.services.backend,
        resources: { ...sanctum.services.backend?.resources, memoryMiB: 2048 },
        scaling: { ...sanctum.services.backend?.scaling, minReplicas: 3 },
        environment: { ...sanctum.services.backend?.environment, LOG_LEVEL: "debug" },
      },
    },
    state: { ...sanctum.state, vectors: { ...sanctum.state.vectors, storageGiB: 200 } },
  });
  expect(sanctum).toEqual(before);
});

test("without overrides the specification is what it was, and still one", () => {
  expect(applyOverrides(sanctum, { services: {} })).toEqual(sanctum);
  expect(workload.parse(applyOverrides(sanctum, { services: {} }))).toEqual(sanctum);
});

test("a service that is not there is an error, not a silence", () => {
  expect(() => applyOverrides(sanctum, { services: { frontend: { environment: {} } } })).toThrow(
    /no service `frontend`/,
  );
});

test("a workload's own database settings go before the stack's, `false` included", () => {
  const defaults = { instanceClass: "db.t4g.medium", multiAz: true, deletionProtection: true, finalSnapshot: true };
  expect(databaseSettings(defaults, undefined)).toEqual(defaults);
  expect(databaseSettings(defaults, { instanceClass: "db.r6g.large", multiAz: false, storageGiB: 20 })).toEqual({
    ...defaults,
    instanceClass: "db.r6g.large",
    multiAz: false,
  });
});
