// Kubernetes objects before a linter with rules of others: Checkov. A finding is mended, or accepted with its reason in `accepted-findings.yaml`.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { cached, sourceKey } from "../../toolchain/cache";
import { run } from "../../toolchain/run";
import { renderAll } from "./rendered-workloads";

const module = join(__dirname, "checkov");

const accepted = z.array(
  z.strictObject({
    check: z.string().regex(/^CKV2?_K8S_\d+$/),
    /** `Deployment.<namespace>.<name>`; `*` is one of these parts, for what is so wherever it stands. */
    resources: z.array(z.string()).min(1),
    reason: z.string().min(40),
  }),
);
const report = z.object({
  summary: z.object({
    passed: z.number(),
    failed: z.number(),
    parsing_errors: z.number(),
    checkov_version: z.string(),
  }),
  results: z.object({
    failed_checks: z.array(z.object({ check_id: z.string(), check_name: z.string(), resource: z.string() })),
  }),
});

let directory: string;
let checkov: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "palisade-lint-"));
  const venv = await cached("checkov", sourceKey(module), () => {}, install, false);
  checkov = join(venv, "venv", "bin", "checkov");
}, 600_000);
afterAll(() => rmSync(directory, { recursive: true }));

/** Remembers its own path: made in place. */
async function install(into: string): Promise<void> {
  const venv = join(into, "venv");
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"];
  for (const [command, args] of [
    ["python3", ["-m", "venv", venv]],
    [join(venv, "bin", "python"), [...pip, "-r", join(module, "requirements.txt")]],
  ] as const) {
    const made = await run(command, args);
    if (made.code !== 0) throw new Error(made.stderr);
  }
}

async function lint(files: string) {
  // Nothing is asked of anybody: the rules are those of the package.
  const offline = { ...process.env, BC_SKIP_MAPPING: "TRUE", CKV_SKIP_PACKAGE_UPDATE_CHECK: "true" };
  const args = ["-d", files, "--framework", "kubernetes", "--compact", "--skip-download", "--soft-fail", "-o", "json"];
  const { code, stdout, stderr } = await run(checkov, args, { env: offline });
  expect(code, stderr).toBe(0);
  return report.parse(JSON.parse(stdout));
}

/** Findings that nobody has accepted, and acceptances of what is not found. */
function compare(found: readonly string[], taken: readonly string[]) {
  // Names of Kubernetes have no dot: the parts are kind, namespace and name.
  const matches = (pattern: string, finding: string) => {
    const [wanted, given] = [pattern.split("."), finding.split(".")];
    return wanted.length === given.length && wanted.every((part, i) => part === "*" || part === given[i]);
  };
  return {
    unaccepted: [...new Set(found)].filter(finding => !taken.some(pattern => matches(pattern, finding))).sort(),
    stale: taken.filter(pattern => !found.some(finding => matches(pattern, finding))),
  };
}

describe("Checkov", () => {
  test("finds nothing in what is made but what is accepted, each with its reason", async () => {
    const files = join(directory, "objects");
    renderAll(files);
    const { summary, results } = await lint(files);
    expect(summary.parsing_errors).toBe(0);
    expect(summary.passed).toBeGreaterThan(500);
    const found = results.failed_checks.map(({ check_id, resource }) => `${check_id} ${resource}`);
    const reasons = accepted.parse(parse(readFileSync(join(__dirname, "accepted-findings.yaml"), "utf8")));
    const taken = reasons.flatMap(({ check, resources }) => resources.map(resource => `${check} ${resource}`));
    const { unaccepted, stale } = compare(found, taken);
    expect({ unaccepted, stale }).toEqual({ unaccepted: [], stale: [] });
  }, 300_000);

  test("accepts neither a finding without a reason nor a reason without a finding", () => {
    const found = ["CKV_K8S_11 Deployment.a-prod.api", "CKV_K8S_8 Deployment.a-prod.api"];
    expect(compare(found, ["CKV_K8S_11 Deployment.*.api", "CKV_K8S_9 Deployment.*.api"])).toEqual({
      unaccepted: ["CKV_K8S_8 Deployment.a-prod.api"],
      stale: ["CKV_K8S_9 Deployment.*.api"],
    });
  });

  test("finds a privileged container, so that its silence means something", async () => {
    const files = join(directory, "spoilt");
    const { router } = renderAll(files);
    const text = readFileSync(router ?? "", "utf8");
    writeFileSync(router ?? "", text.replaceAll("privileged: false", "privileged: true"));
    const { results } = await lint(files);
    expect(results.failed_checks.map(({ check_id }) => check_id)).toContain("CKV_K8S_16");
  }, 300_000);
});
