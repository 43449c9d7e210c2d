// Telemetry cannot carry text: not by its schema, and not by a specification that says otherwise (SP-15).
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { valueSchema } from "../../../src/workload/declared-record";
import { telemetryRecord } from "../../../src/workload/telemetry-record";

const record = telemetryRecord({
  scenes: "number",
  dialogue: "ratio",
  complete: "boolean",
  genre: { oneOf: ["drama", "comedy"] },
});
const sound = { log_kind: "telemetry", scenes: 12, dialogue: 0.4, complete: true, genre: "drama" };

test("a record of numbers, ratios and listed values is accepted", () => {
  expect(record.safeParse(sound).success).toBe(true);
});

test("no text but the listed values gets in, in whatever field, by whatever name", () => {
  const field = fc.oneof(fc.constantFrom(...Object.keys(sound)), fc.string());
  fc.assert(
    fc.property(field, fc.string(), (name, text) => {
      const allowed =
        (name === "genre" && ["drama", "comedy"].includes(text)) || (name === "log_kind" && text === "telemetry");
      // As a parser would make it: `__proto__` is a name like any other.
      const spoilt: unknown = JSON.parse(
        `${JSON.stringify(sound).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(text)}}`,
      );
      expect(record.safeParse(spoilt).success).toBe(allowed);
    }),
  );
});

test.each([
  { dialogue: 1.01 },
  { dialogue: -0.1 },
  { scenes: "12" },
  { scenes: Number.NaN },
  { scenes: undefined },
  { more: 1 },
])("%o is refused", change => {
  expect(record.safeParse({ ...sound, ...change }).success).toBe(false);
});

test("fields that could carry text are refused by name", () => {
  expect(() => telemetryRecord({ scenes: "number", title: "identifier", at: "timestamp" })).toThrow("`title`, `at`");
});

test("as a JSON Schema it leaves no string open", () => {
  const { properties, additionalProperties } = z.toJSONSchema(record);
  expect(additionalProperties).toBe(false);
  const strings = Object.values(properties ?? {}).filter(p => typeof p === "object" && p.type === "string");
  for (const property of strings) expect(property).toSatisfy((p: object) => "enum" in p || "const" in p);
});

test.each([
  [
    "timestamp",
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123Z"],
    ["2026-01-02", "2026-01-02T03:04:05+01:00", "now"],
  ],
  ["digest", ["a".repeat(64)], ["a".repeat(63), "A".repeat(64), "INT. HOUSE"]],
  ["identifier", ["analysis.done", "a:b_c-1"], ["INT. HOUSE", "a".repeat(65), ""]],
] as const)("%s", (field, good, bad) => {
  for (const value of good) expect(valueSchema(field).safeParse(value).success).toBe(true);
  for (const value of bad) expect(valueSchema(field).safeParse(value).success).toBe(false);
});
