// The dev stack's life in a local AWS: made, unchanged, changed in one place, proven, scanned for secrets, gone without a trace.
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunResult } from "../../toolchain/run";
import { type LocalStack, PROJECT_DIRECTORY, pulumi } from "../../toolchain/stack";
import { openRoom, previewSteps, type Room } from "../local-stack";
import { AwsApi } from "./aws-api";
import { added, type Census, countedTypes, strangers, takeCensus, withoutKept } from "./census";
import { controls } from "./controls";
import { sabotages } from "./sabotage";
import { filesBelow, leaks, type Place, secretsOfState, storedSecrets } from "./secret-scan";

const SUPPLIED = {
  "palisade:alarms.pagerDuty": `https://events.example.com/integration/${randomBytes(16).toString("hex")}`,
  "palisade:siem.accessKey": randomBytes(24).toString("base64url"),
  "palisade:secrets.router.TELEGRAM_BOT_TOKEN": randomBytes(24).toString("base64url"),
  "palisade:secrets.router.A2A_TOKEN": randomBytes(24).toString("base64url"),
  "palisade:secrets.content-pipeline.TELEGRAM_BOT_TOKEN": randomBytes(24).toString("base64url"),
  "palisade:secrets.content-pipeline.GEMINI_API_KEY": randomBytes(24).toString("base64url"),
};

let room: Room;
let stack: LocalStack;
let api: AwsApi;
/** Where copies of replicated buckets are. */
let secondRegion: AwsApi;
let before: Census;
/** All that any command printed. */
const printed: Place[] = [];

beforeAll(async () => {
  room = await openRoom();
  stack = await room.stack("dev");
  api = new AwsApi(room.sandbox.endpoint, "eu-central-1");
  secondRegion = new AwsApi(room.sandbox.endpoint, "eu-west-1");
  before = await takeCensus(api, secondRegion);
  const { stdout } = await run(["config", "set", "--path", "palisade:siem.url", "https://siem.example.com/intake"]);
  expect(stdout).toBe("");
  for (const [path, value] of Object.entries(SUPPLIED)) await run(["config", "set", "--secret", "--path", path, value]);
});
afterAll(() => room.close());

/** Runs an engine command and keeps what it printed. `config` commands take the file that `pulumi` gives to the others. */
async function run(args: readonly string[]): Promise<RunResult> {
  const file = args[0] === "config" ? ["--config-file", stack.configFile] : [];
  const result = await pulumi(stack, [...args, ...file]);
  printed.push({ name: args.slice(0, 2).join(" "), text: result.stdout + result.stderr });
  return result;
}

async function succeeds(args: readonly string[]): Promise<string> {
  const result = await run(args);
  expect(result.code, `${args.join(" ")}\n${result.stdout}\n${result.stderr}`).toBe(0);
  return result.stdout;
}

describe.sequential("the dev stack", () => {
  test("`up` creates everything", async () => {
    const stdout = await succeeds(["up", "--yes", "--skip-preview", "--diff"]);
    expect(stdout).toMatch(/Resources:\n\s+\+ \d+ created\n/);
  });

  test("the census counts every type that the stack has, so that nothing can be left behind unseen", async () => {
    const { deployment } = JSON.parse(await succeeds(["stack", "export"])) as {
      deployment: { resources: { type: string }[] };
    };
    const types = new Set(deployment.resources.map(r => r.type).filter(type => type.startsWith("aws:")));
    expect([...types].filter(type => !countedTypes.has(type))).toEqual([]);
    expect(Object.keys(added(before, await takeCensus(api, secondRegion))).length).toBeGreaterThan(20);
  });

  test("nothing stands in the local AWS that the state does not know, so nothing was made twice", async () => {
    expect(strangers(added(before, await takeCensus(api, secondRegion)), await succeeds(["stack", "export"]))).toEqual(
      [],
    );
  });

  test("a second preview finds nothing to change", async () => {
    await succeeds(["preview", "--expect-no-changes", "--diff"]);
  });

  test.each(controls.map(control => [control.id, control.says, control] as const))("%s: %s", async (_, __, control) => {
    const findings = await control.findings(api);
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.filter(finding => !finding.ok).map(finding => finding.subject)).toEqual([]);
  });

  test.each(sabotages)("$name is noticed", async ({ damage, repair }) => {
    const faults = async () => {
      const findings = await Promise.all(controls.map(control => control.findings(api)));
      return findings.flat().filter(finding => !finding.ok);
    };
    const target = await damage(api);
    const noticed = await faults();
    await repair(api, target);
    expect(noticed.map(finding => finding.subject)).toEqual([expect.stringContaining(target.name)]);
    expect(await faults()).toEqual([]);
  });

  test("a change in one place updates just that", async () => {
    const text = readFileSync(stack.configFile, "utf8");
    writeFileSync(stack.configFile, text.replace("rateLimitPer5Minutes: 2000", "rateLimitPer5Minutes: 3000"));
    const { steps, text: preview } = await previewSteps(stack);
    printed.push({ name: "preview --json", text: preview });
    const changes = steps.filter(step => step.op !== "same").map(step => `${step.op} ${step.newState?.type}`);
    expect(changes).toEqual(["update aws:wafv2/webAcl:WebAcl"]);
    const stdout = await succeeds(["up", "--yes", "--skip-preview"]);
    expect(stdout).toMatch(/Resources:\n\s+~ 1 updated\n\s+\d+ unchanged\n/);
  });

  test("no secret value is in state, output, log or preview in clear (PF-7)", async () => {
    const secrets = secretsOfState((await pulumi(stack, ["stack", "export", "--show-secrets"])).stdout);
    for (const [path, value] of Object.entries(SUPPLIED)) secrets.set(path, value);
    for (const [name, value] of await storedSecrets(api)) secrets.set(name, value);
    // The machine's, which it fetches from Parameter Store (CP-5).
    expect([...secrets.keys()]).toContain("/palisade/dev/content-pipeline/editorbot/GEMINI_API_KEY");
    const passphrase = join(room.directory, "passphrase");
    secrets.set("passphrase", readFileSync(passphrase, "utf8"));
    expect([...secrets.keys()].filter(name => name.startsWith("rds!"))).toHaveLength(2);
    // Four generated, six supplied, two documents of RDS, the passphrase; those of the state come on top.
    expect(secrets.size).toBeGreaterThanOrEqual(13);

    await succeeds(["stack", "export"]);
    await succeeds(["stack", "output", "--json"]);
    await succeeds(["preview", "--diff"]);
    const files = filesBelow(room.directory, [passphrase]);
    expect(files.map(file => file.name).join()).toMatch(/local-aws\.log/);
    expect(files.map(file => file.name).join()).toMatch(/state\//);
    const places = [...printed, ...files];
    expect(leaks(secrets, places)).toEqual([]);

    // The scan can fail.
    const [[, value] = ["", ""]] = secrets;
    const planted = Buffer.from(`x${value}`).toString("base64");
    expect(leaks(secrets, [{ name: "planted", text: planted }])).not.toEqual([]);
  });

  test("`destroy` leaves the local AWS as it was", async () => {
    expect(await succeeds(["destroy", "--yes", "--skip-preview"])).toMatch(/- \d+ deleted/);
    expect(withoutKept(added(before, await takeCensus(api, secondRegion)))).toEqual({});
  });
});

test("a local AWS that does not answer is named before anything is registered, and the next run works", async () => {
  const silent = { ...stack, env: { ...stack.env, PALISADE_LOCAL_AWS: "http://127.0.0.1:9" } };
  const result = await pulumi(silent, ["preview"]);
  expect(result.code).not.toBe(0);
  expect(result.stdout + result.stderr).toMatch(
    /local AWS at http:\/\/127\.0\.0\.1:9 does not answer.*\n.*npx palisade sandbox up/,
  );
  expect(result.stdout).not.toMatch(/aws:[a-z0-9]+:[A-Z]/);
  expect((await pulumi(stack, ["preview"])).code).toBe(0);
});

test("the project's own configuration is untouched", () => {
  expect(readFileSync(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"), "utf8")).not.toMatch(/secure:|encryptionsalt/);
});
