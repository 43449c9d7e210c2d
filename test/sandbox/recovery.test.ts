// What happens to an update that ends in the middle, whoever ended it, and how it goes on: real engine, real provider.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sandboxDown, sandboxUp } from "../../toolchain/sandbox";
import { type LocalStack, PROJECT_DIRECTORY, pulumi } from "../../toolchain/stack";
import { openRoom, type Room } from "../local-stack";
import { AwsApi } from "./aws-api";

const GROUPS = 40;
/** How many are there when the update is ended. */
const MIDDLE = 10;

/** Log groups one after the other, so that an update has a middle. Their names are fixed, so none can be made twice. */
const PROGRAM = `
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import { createProvider } from "${PROJECT_DIRECTORY}/src/components/aws/provider";
const provider = createProvider("aws", {
  region: "eu-central-1",
  localEndpoint: process.env.PALISADE_LOCAL_AWS,
  tags: {},
});
const groups: cloudwatch.LogGroup[] = [];
for (let i = 0; i < ${GROUPS}; i++)
  groups.push(
    new cloudwatch.LogGroup(
      \`group-\${i}\`,
      { name: \`/\${pulumi.getStack()}/\${i}\` },
      { provider, dependsOn: groups.slice(-1) },
    ),
  );
`;

let room: Room;
let api: AwsApi;
let project: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  room = await openRoom();
  api = new AwsApi(room.sandbox.endpoint, "eu-central-1");
  project = join(room.directory, "project");
  mkdirSync(project);
  const runtime = { name: "nodejs", options: { typescript: false, nodeargs: "--require tsx/cjs" } };
  writeFileSync(join(project, "Pulumi.yaml"), JSON.stringify({ name: "many", runtime, main: "index.ts" }));
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "many" }));
  writeFileSync(join(project, "none.yaml"), "config: {}\n");
  writeFileSync(join(project, "index.ts"), PROGRAM);
  symlinkSync(join(PROJECT_DIRECTORY, "node_modules"), join(project, "node_modules"));
});
afterAll(async () => {
  for (const child of children) end(child, "SIGKILL");
  await room.close();
});

const open = (name: string) => room.stack(name, { project, source: join(project, "none.yaml") });
const engine = async (stack: LocalStack, args: readonly string[]) => {
  const { code, stdout, stderr } = await pulumi(stack, args, { project });
  return { code, text: stdout + stderr };
};

async function succeeds(stack: LocalStack, args: readonly string[]): Promise<string> {
  const { code, text } = await engine(stack, args);
  expect(code, `${args.join(" ")}\n${text}`).toBe(0);
  return text;
}

async function groupsOf(stack: LocalStack): Promise<string[]> {
  const { logGroups } = await api.json<{ logGroups: { logGroupName: string }[] }>("logs", "DescribeLogGroups", {
    logGroupNamePrefix: `/${stack.name}/`,
  });
  return logGroups.map(group => group.logGroupName);
}

/** Starts an update, in a process group of its own, and returns when it is in its middle. */
async function halfway(stack: LocalStack): Promise<{ child: ChildProcess; ended: Promise<number | null> }> {
  const args = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack.name];
  const child = spawn(stack.tools.engine, [...args, "--config-file", stack.configFile], {
    cwd: project,
    env: stack.env,
    stdio: "ignore",
    detached: true,
  });
  children.push(child);
  const ended = new Promise<number | null>(resolve => child.once("close", resolve));
  while ((await groupsOf(stack)).length < MIDDLE) {
    if (child.exitCode !== null) throw new Error(`the update ended with ${child.exitCode} before its middle`);
    await sleep(20);
  }
  return { child, ended };
}

/** Signals the engine and, as a terminal or a container runtime does, everything it started. */
function end(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}

async function isComplete(stack: LocalStack): Promise<void> {
  await succeeds(stack, ["preview", "--expect-no-changes"]);
  expect(await groupsOf(stack)).toHaveLength(GROUPS);
}

interface Exported {
  deployment: { pending_operations?: { type: string; resource: { inputs: { name: string } } }[] };
}

describe("an update that ends in the middle", () => {
  test("interrupted: what is under way is finished and written down; the next run goes on from there", async () => {
    const stack = await open("interrupted");
    const { child, ended } = await halfway(stack);
    child.kill("SIGINT");
    expect(await ended).not.toBe(0);
    const made = (await groupsOf(stack)).length;
    expect(made).toBeLessThan(GROUPS);
    const text = await succeeds(stack, ["up", "--yes", "--skip-preview"]);
    expect(text).toContain(`+ ${GROUPS - made} created`);
    await isComplete(stack);
  });

  test("killed: the stack stays locked, the half-made resource is named, and it goes on once both are cleared", async () => {
    const stack = await open("killed");
    const { child, ended } = await halfway(stack);
    // With the local AWS held still, one request at least is sure to be under way; it is carried out all the same.
    process.kill(room.sandbox.pid, "SIGSTOP");
    await sleep(500);
    end(child, "SIGKILL");
    await ended;
    process.kill(room.sandbox.pid, "SIGCONT");

    const refused = await engine(stack, ["up", "--yes", "--skip-preview"]);
    expect(refused.code).not.toBe(0);
    expect(refused.text).toMatch(/the stack is currently locked by 1 lock.*\n?.*`pulumi cancel`/);
    await succeeds(stack, ["cancel", "--yes"]);

    const { deployment } = JSON.parse(await succeeds(stack, ["stack", "export"])) as Exported;
    const [pending, ...others] = deployment.pending_operations ?? [];
    expect(others).toEqual([]);
    expect(pending?.type).toBe("creating");
    const again = await engine(stack, ["up", "--yes", "--skip-preview"]);
    expect(again.text).toContain("1 pending operation");
    const logGroupName = pending?.resource.inputs.name ?? "";
    if ((await groupsOf(stack)).includes(logGroupName)) await api.json("logs", "DeleteLogGroup", { logGroupName });
    await succeeds(stack, ["refresh", "--yes", "--skip-preview", "--clear-pending-creates"]);
    await succeeds(stack, ["up", "--yes", "--skip-preview"]);
    await isComplete(stack);
  });

  test("cut off: AWS goes away; once one is there again, with no memory of anything, all of it comes back", async () => {
    const stack = await open("cut-off");
    const { ended } = await halfway(stack);
    await sandboxDown(room.directory);
    expect(await ended).not.toBe(0);
    const dead = await engine(stack, ["up", "--yes", "--skip-preview"]);
    expect(dead.code).not.toBe(0);
    expect(dead.text).toMatch(/connection refused/);

    const { endpoint } = room.sandbox;
    room.sandbox = await sandboxUp(room.tools.localAws, room.directory, endpoint);
    expect(await groupsOf(stack)).toEqual([]);
    await succeeds(stack, ["up", "--yes", "--skip-preview", "--refresh"]);
    await isComplete(stack);
    await succeeds(stack, ["destroy", "--yes", "--skip-preview"]);
    expect(await groupsOf(stack)).toEqual([]);
  });
});
