// A workload nobody here has heard of: the README's example, one file in a copy of the project, deployed beside none of the others.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type LocalStack, PROJECT_DIRECTORY, pulumi } from "../../toolchain/stack";
import { blockAfter } from "../docs/markdown";
import { openRoom, type Room } from "../local-stack";
import { AwsApi } from "./aws-api";
import { added, type Census, takeCensus, withoutKept } from "./census";

let room: Room;
let project: string;
let stack: LocalStack;
let api: AwsApi;
let before: Census;

beforeAll(async () => {
  room = await openRoom();
  project = join(room.directory, "project");
  const tracked = execFileSync("git", ["ls-files"], { cwd: PROJECT_DIRECTORY, encoding: "utf8" }).trim().split("\n");
  for (const file of tracked.filter(file =>
    /^(src\/|index\.ts|package\.json|tsconfig\.json|Pulumi\.yaml)/.test(file),
  )) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    cpSync(join(PROJECT_DIRECTORY, file), join(project, file));
  }
  symlinkSync(join(PROJECT_DIRECTORY, "node_modules"), join(project, "node_modules"));

  const example = (language: string) => blockAfter("README.md", "## Add a workload", language);
  writeFileSync(join(project, "src/catalog/notes.ts"), example("ts"));
  const source = join(project, "Pulumi.sixth.yaml");
  const dev = parse(readFileSync(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"), "utf8")) as { config: object };
  const own = parse(example("yaml")) as { config: object };
  writeFileSync(source, stringify({ config: { ...dev.config, ...own.config } }));

  stack = await room.stack("sixth", { project, source });
  api = new AwsApi(room.sandbox.endpoint, "eu-central-1");
  before = await takeCensus(api);
});
afterAll(() => room.close());

async function succeeds(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await pulumi(stack, args, { project });
  expect(code, `${args.join(" ")}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

test("it is created, with a service and a database of its own name", async () => {
  expect(await succeeds(["up", "--yes", "--skip-preview"])).toMatch(/\+ \d+ created/);
  const { workloads } = JSON.parse(await succeeds(["stack", "output", "--json"])) as {
    workloads: Record<string, { url: string; services: object; databases: object }>;
  };
  expect(Object.keys(workloads)).toEqual(["notes"]);
  expect(workloads.notes).toMatchObject({
    url: "https://notes.dev.example.com",
    services: { api: expect.stringContaining("notes") },
    databases: { postgres: expect.any(String) },
  });
});

test("nothing changes by itself", async () => {
  await succeeds(["preview", "--expect-no-changes", "--diff"]);
});

test("and it leaves nothing behind", async () => {
  await succeeds(["destroy", "--yes", "--skip-preview"]);
  expect(withoutKept(added(before, await takeCensus(api)))).toEqual({});
});
