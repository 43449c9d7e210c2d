import { expect, test } from "vitest";
import { sanctum } from "../../../src/catalog/sanctum";
import { hopsOf } from "../../../src/workload/hops";

test("Sanctum's hops are these and no other (SA-9)", () => {
  expect(hopsOf(sanctum)).toEqual([
    { kind: "edge-to-service", to: "backend" },
    { kind: "service-to-service", from: "backend", to: "ai-core" },
    { kind: "service-to-store", from: "backend", to: "postgres" },
    { kind: "service-to-store", from: "ai-core", to: "vectors" },
  ]);
});
