// IS-4: what a release may ask of claims that stand: no less, no other class, and more only where the class lets them grow.
import { describe, expect, test } from "vitest";
import { judgeClaims } from "../../../src/onprem/preflight/volumes";
import { standingClaims, wantedClaims } from "../../../src/onprem/preflight/wanted-claims";

const spec = (size: string, storageClassName?: string) => ({
  ...(storageClassName !== undefined && { storageClassName }),
  resources: { requests: { storage: size } },
});
const set = (size: string, storageClass?: string) => ({
  ...{ apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: "postgres", namespace: "a" } },
  spec: { volumeClaimTemplates: [{ metadata: { name: "data" }, spec: spec(size, storageClass) }] },
});
const shared = (size: string) => ({
  ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "files", namespace: "a" } },
  spec: spec(size, "fast"),
});
const live = (name: string, size: string, storageClass = "fast") => ({
  metadata: { name },
  spec: spec(size, storageClass),
});

function judged(objects: Parameters<typeof wantedClaims>[0], claims: ReturnType<typeof live>[], fast?: boolean) {
  return judgeClaims(standingClaims(wantedClaims(objects), new Map([["a", claims]])), new Map([["fast", fast]]));
}

describe("claims that stand", () => {
  test.each([
    [
      "the same size, however it is written",
      [set("1024Mi", "fast")],
      [live("data-postgres-0", "1Gi")],
      undefined,
      "ok",
    ],
    ["more, where the class lets it grow", [set("2Gi", "fast")], [live("data-postgres-0", "1Gi")], true, "ok"],
    ["more, where it does not", [set("2Gi", "fast")], [live("data-postgres-0", "1Gi")], false, "failed"],
    ["more, where nobody can see", [set("2Gi", "fast")], [live("data-postgres-0", "1Gi")], undefined, "warning"],
    ["less", [set("1Gi", "fast")], [live("data-postgres-3", "2Gi")], true, "failed"],
    ["less of what is shared", [shared("1Gi")], [live("files", "2Gi")], true, "failed"],
    ["another class", [set("1Gi", "slow")], [live("data-postgres-0", "1Gi")], true, "failed"],
    ["no class said", [set("1Gi")], [live("data-postgres-0", "1Gi")], undefined, "ok"],
  ] as const)("%s", (_, objects, claims, fast, level) => {
    const findings = judged(objects, [...claims], fast);
    expect(findings.map(finding => finding.level)).toEqual([level]);
    if (level !== "ok") expect(findings[0]?.fix).toMatch(/kubectl/);
  });

  test("of others are not looked at, and without any there is nothing to say", () => {
    const others = ["data-postgres-x", "data-postgresql-0", "data-postgres", "more-postgres-0", "data-postgres-0-1"];
    expect(
      judged(
        [set("1Gi", "fast")],
        others.map(name => live(name, "2Gi")),
      ),
    ).toEqual([]);
  });

  test("each is named with both sizes, and what is allowed", () => {
    const [first, second] = judged(
      [set("1Gi", "fast")],
      [live("data-postgres-0", "3Gi"), live("data-postgres-1", "2Gi")],
    );
    expect(first?.found).toBe("postgres of a: claim data-postgres-0 has 3 GiB, and the release gives it 1 GiB");
    expect(second?.needed).toBe("2 GiB or more: Kubernetes cannot shrink a claim");
  });
});
