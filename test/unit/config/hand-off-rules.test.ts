// Second regions, approvers, budgets and sleeping services: what a stack can write wrongly about them.
import { describe, expect, test } from "vitest";
import { contentPipeline } from "../../../src/catalog/content-pipeline";
import { digest, faultsOf, catalog as known, prod, spoil } from "./sample";

const catalog = new Map([...known, ["content-pipeline", contentPipeline]]);
const approver = "arn:aws:iam::123456789012:role/editor";

/** Production with the pipeline, without a fault. */
function sound() {
  const values = prod();
  return {
    ...values,
    secondRegion: "eu-west-1",
    budget: { monthlyUsd: 5000 },
    workloads: {
      ...values.workloads,
      "content-pipeline": {
        images: { editorbot: digest, renderer: digest },
        approvers: [approver],
        monthlyBudgetUsd: 300,
      },
    },
  };
}
const pipeline = (...path: (string | number)[]) => ["workloads", "content-pipeline", ...path];
const faults = (path: (string | number)[], value: unknown) =>
  faultsOf(spoil(sound(), path, value), { catalog }).map(f => `${f.path}: ${f.found}; ${f.allowed} (${f.control})`);

test("as it stands it has no fault", () => expect(faultsOf(sound(), { catalog })).toEqual([]));

describe("second region (CP-12)", () => {
  test("is needed for a copy", () => {
    expect(faults(["secondRegion"], undefined)).toEqual([
      expect.stringMatching(
        /secondRegion: nothing; an AWS region: buckets of `content-pipeline` have a copy there \(CP-12\)$/,
      ),
    ]);
  });

  test("is another one", () => {
    expect(faults(["secondRegion"], "eu-central-1")).toEqual([
      expect.stringMatching(/another region than the stack's own/),
    ]);
  });

  test("is a region", () => expect(faults(["secondRegion"], "eu-west-17")).toHaveLength(1));

  test("may be there before it is needed", () => {
    expect(faultsOf({ ...prod(), secondRegion: "eu-west-1" })).toEqual([]);
  });
});

describe("approvers (CP-11)", () => {
  test("are needed for an approval", () => {
    expect(faults(pipeline("approvers"), undefined)).toEqual([
      expect.stringMatching(/approvers: nothing; who decides about `release` \(CP-11\)$/),
    ]);
  });

  test("have nothing to decide elsewhere", () => {
    expect(faults(["workloads", "relay", "approvers"], [approver])).toEqual([
      expect.stringMatching(/`relay` has no approvals/),
    ]);
  });

  test.each(["arn:aws:iam::123456789012:root", "arn:aws:sts::123456789012:assumed-role/editor/session", "editor", "*"])(
    "%s is nobody in particular",
    value => {
      expect(faults(pipeline("approvers", 0), value)).toEqual([
        expect.stringMatching(/the ARN of an IAM role or user/),
      ]);
    },
  );

  test.each([[[]], [Array.from({ length: 11 }, () => approver)]])("are one to ten", value => {
    expect(faults(pipeline("approvers"), value)).toHaveLength(1);
  });
});

describe("budgets (CP-12)", () => {
  test.each([0, -5, 1.5, "300"])("%s is no amount", value => {
    expect(faults(pipeline("monthlyBudgetUsd"), value)).toHaveLength(1);
    expect(faults(["budget", "monthlyUsd"], value)).toHaveLength(1);
  });
});

test("a service sleeps only where a queue wakes it (CP-12)", () => {
  const sleep = { minReplicas: 0 };
  expect(faults(pipeline("services"), { renderer: sleep })).toEqual([]);
  expect(faults(pipeline("services"), { editorbot: sleep })).toContainEqual(
    expect.stringMatching(/editorbot\.minReplicas: 0; at least 1: no queue would start the service again \(CP-12\)$/),
  );
});
