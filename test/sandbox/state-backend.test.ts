// The state backend (PF-8): made by bootstrap/, then used by the real engine as the backend of another stack.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunResult, run } from "../../toolchain/run";
import { PROJECT_DIRECTORY, pulumi } from "../../toolchain/stack";
import { toolchainEnv } from "../../toolchain/toolchain";
import { openRoom, type Room } from "../local-stack";
import { AwsApi, texts } from "./aws-api";

const REGION = "eu-central-1";
const VALUE = "a value that only the key opens";

let room: Room;
let api: AwsApi;
let bucket: string;
let project: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  room = await openRoom();
  api = new AwsApi(room.sandbox.endpoint, REGION);
  const bootstrap = join(PROJECT_DIRECTORY, "bootstrap");
  const source = join(room.directory, "bootstrap.yaml");
  const settings = { "palisade-state:region": REGION, "palisade-state:localAws": room.sandbox.endpoint };
  writeFileSync(source, JSON.stringify({ config: settings }));
  const stack = await room.stack("account", { project: bootstrap, source });
  const up = await pulumi(stack, ["up", "--yes", "--skip-preview"], { project: bootstrap });
  expect(up.code, up.stdout + up.stderr).toBe(0);
  const output = await pulumi(stack, ["stack", "output", "--json"], { project: bootstrap });
  const outputs = JSON.parse(output.stdout) as { url: string; secretsProvider: string };
  bucket = new URL(outputs.url).host;
  // moto judges every conditional denial to apply, so that nobody could write; real AWS denies plain HTTP alone.
  await api.rest("s3", `/${bucket}?policy`, "DELETE");

  project = join(room.directory, "project");
  mkdirSync(project);
  const runtime = { name: "nodejs", options: { typescript: false, nodeargs: "--require tsx/cjs" } };
  writeFileSync(join(project, "Pulumi.yaml"), JSON.stringify({ name: "kept", runtime, main: "index.ts" }));
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "kept" }));
  symlinkSync(join(PROJECT_DIRECTORY, "node_modules"), join(project, "node_modules"));
  writeFileSync(
    join(project, "index.ts"),
    'import * as pulumi from "@pulumi/pulumi";\nexport const value = new pulumi.Config().requireSecret("value");\n',
  );
  const { PULUMI_CONFIG_PASSPHRASE_FILE: _, PULUMI_CONFIG_PASSPHRASE: __, ...base } = toolchainEnv(room.tools);
  env = {
    ...base,
    PULUMI_BACKEND_URL: `${outputs.url}&endpoint=${room.sandbox.endpoint}&use_path_style=true`,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL: room.sandbox.endpoint,
  };
  const init = await engine(["stack", "init", "shared", "--secrets-provider", outputs.secretsProvider]);
  expect(init.code, init.stderr).toBe(0);
});
afterAll(() => room.close());

const engine = (args: readonly string[]): Promise<RunResult> =>
  run(room.tools.engine, [...args, "--non-interactive"], { cwd: project, env });
const keys = async () => texts(await api.rest("s3", `/${bucket}?versions`), "Version/Key");
/** Without the versions of locks that were given back. */
const locks = async () => texts(await api.rest("s3", `/${bucket}?list-type=2&prefix=.pulumi/locks/`), "Contents/Key");

describe.sequential("a shared stack", () => {
  test("keeps its state in the bucket, every version of it", async () => {
    expect((await engine(["config", "set", "--secret", "value", VALUE])).code).toBe(0);
    expect((await engine(["up", "--yes", "--skip-preview"])).code).toBe(0);
    expect((await engine(["config", "set", "other", "1"])).code).toBe(0);
    expect((await engine(["up", "--yes", "--skip-preview"])).code).toBe(0);
    const state = (await keys()).filter(key => key === ".pulumi/stacks/kept/shared.json");
    expect(state.length).toBeGreaterThan(1);
  });

  test("holds its secrets as ciphertext of the key", async () => {
    const exported = (await engine(["stack", "export"])).stdout;
    expect(exported).not.toContain(VALUE);
    expect(exported).toContain('"ciphertext"');
    expect(exported).toMatch(/awskms/);
    expect((await engine(["stack", "output", "value", "--show-secrets"])).stdout.trim()).toBe(VALUE);
  });

  test("is locked while an engine is at it, and free again afterwards", async () => {
    // At it until the second engine has been refused, however slow the machine is.
    const hold = join(project, "hold");
    writeFileSync(hold, "");
    const waiting = `for (let i = 0; i < 600 && require("node:fs").existsSync(${JSON.stringify(hold)}); i++)`;
    const pause = "await new Promise(end => setTimeout(end, 200));";
    writeFileSync(join(project, "index.ts"), `module.exports = async () => { ${waiting} ${pause} return {}; };\n`);
    const first = engine(["up", "--yes", "--skip-preview"]);
    await expect.poll(async () => (await locks()).length, { timeout: 60_000 }).toBe(1);
    const second = await engine(["up", "--yes", "--skip-preview"]);
    expect(second.code).not.toBe(0);
    expect(second.stderr).toMatch(/the stack is currently locked by 1 lock/);
    rmSync(hold);
    expect((await first).code).toBe(0);
    writeFileSync(join(project, "index.ts"), "");
    expect((await engine(["up", "--yes", "--skip-preview"])).code).toBe(0);
  });
});
