// What variables ask of their stack: each answer, and the error where there is none (IS-1).
import { expect, test } from "vitest";
import { fromStack, required } from "../../../src/workload/stack-values";

const stack = {
  environment: "prod",
  region: "eu-central-1",
  buildSha: "0".repeat(40),
  publicOrigin: "https://sample.example.com",
  frontendOrigin: "https://app.example.com",
};

test.each([
  ["environment", "prod"],
  ["region", "eu-central-1"],
  ["build-sha", "0".repeat(40)],
  ["public-origin", "https://sample.example.com"],
  ["frontend-origin", "https://app.example.com"],
] as const)("a variable that asks for %s gets it", (from, value) => {
  expect(fromStack("ANSWER", from, stack)).toBe(value);
});

test("an error names the variable, and what the stack does not have", () => {
  const { frontendOrigin: _, ...without } = stack;
  expect(() => fromStack("CORS_ORIGIN", "frontend-origin", without)).toThrow(
    "variable `CORS_ORIGIN` asks for frontend-origin, which the stack does not have",
  );
  expect(() => required("UPLOADS", "bucket `uploads`", undefined)).toThrow(
    "variable `UPLOADS` asks for bucket `uploads`, which the stack does not have",
  );
});

test("an empty value is one", () => {
  expect(required("SUFFIX", "a suffix", "")).toBe("");
});
