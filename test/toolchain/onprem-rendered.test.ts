// PF-3, PF-7: the on-prem example through the real engine, as a bundle needs it: no cluster, no network, no secret; files in step with the stack.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { catalog } from "../../src/catalog/catalog";
import { readStackFile } from "../../src/config/file";
import { ownValues } from "../../src/config/raw";
import { releaseInputs } from "../../src/onprem/render/inputs";
import { renderedDiffers, requireRendered } from "../../src/onprem/render/rendered-differs";
import { renderRelease } from "../../src/onprem/render/rendered-release";
import { renderedDirectory } from "../../src/platform/rendered-directory";
import { type LocalStack, openLocalStack, PROJECT_DIRECTORY, pulumi } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";

const file = join(PROJECT_DIRECTORY, "Pulumi.onprem.yaml");
const objectsNow = () => renderRelease(releaseInputs(ownValues(readStackFile(file).raw), catalog, "onprem")).objects;
/** Nothing answers there: whoever asked a cluster, or a cloud, would not come back with an answer. */
const nowhere = "127.0.0.1:9";

let room: string;
let project: string;
let stack: LocalStack;
let manifests: string;

/** The program as it is, in a project of its own, so that nothing is written into this one. */
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), "palisade-onprem-rendered-"));
  project = room;
  for (const name of ["node_modules", "src", "toolchain", "index.ts", "package.json", "tsconfig.json", "Pulumi.yaml"])
    await symlink(join(PROJECT_DIRECTORY, name), join(project, name));
  await writeFile(join(project, "Pulumi.onprem.yaml"), await readFile(file));
  const directory = join(room, ".palisade");
  stack = await openLocalStack({ name: "onprem", directory, tools: await ensureToolchain(), project });
  manifests = join(project, renderedDirectory("onprem"));
}, 300_000);
afterAll(() => rm(room, { recursive: true, force: true }));

async function engine(...args: string[]): Promise<string> {
  // A kubeconfig that somebody has set is none of a rendering's business.
  const env = { KUBECONFIG: "/somebody/kubeconfig", HTTPS_PROXY: nowhere, HTTP_PROXY: nowhere };
  const { code, stdout, stderr } = await pulumi(stack, args, { project, env });
  if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout + stderr;
}

const state = () => readFileSync(join(room, ".palisade/state/.pulumi/stacks/palisade/onprem.json"), "utf8");

test("an update renders exactly the objects of the release, and says what comes next", {
  timeout: 300_000,
}, async () => {
  const objects = objectsNow();
  const said = await engine("up", "--yes", "--skip-preview");
  expect(said).toContain(".palisade/rendered/onprem");
  expect(said).toContain("npx palisade bundle --stack onprem");
  expect(await renderedDiffers(manifests, objects)).toEqual([]);
  const files = (await readdir(manifests, { recursive: true })).filter(name => name.endsWith(".yaml"));
  expect(files).toHaveLength(objects.length);
  const { checkpoint } = JSON.parse(state()) as { checkpoint: { latest: { resources: { type: string }[] } } };
  const types = checkpoint.latest.resources.map(({ type }) => type);
  expect(types.length).toBeGreaterThan(objects.length);
  expect(types.filter(type => /Secret$|random:|dynamic:/.test(type))).toEqual([]);
  expect(state()).not.toContain(room);
  for (const name of files)
    expect(readFileSync(join(manifests, name), "utf8")).not.toMatch(/^kind: Secret$|PRIVATE KEY/m);
});

test("a second update changes nothing, whatever is in the environment", { timeout: 300_000 }, async () => {
  expect(await engine("preview", "--expect-no-changes")).toMatch(/\d+ unchanged/);
  expect(await engine("up", "--yes", "--skip-preview", "--expect-no-changes")).toMatch(/\d+ unchanged/);
});

test("what is gone or was changed by hand is refused, and rendered again by the command that the refusal names", {
  timeout: 300_000,
}, async () => {
  const [first = "", second = ""] = (await readdir(join(manifests, "1-manifest"))).map(name =>
    join(manifests, "1-manifest", name),
  );
  rmSync(first);
  await writeFile(second, `${await readFile(second, "utf8")}# by hand\nby: hand\n`);
  const refusal = await requireRendered(manifests, objectsNow(), "onprem").then(
    () => "",
    (error: Error) => error.message,
  );
  expect(refusal.split("\n").at(-1)).toBe("Next: pulumi up --refresh --stack onprem");
  await engine("up", "--refresh", "--yes", "--skip-preview");
  expect(await renderedDiffers(manifests, objectsNow())).toEqual([]);
  rmSync(manifests, { recursive: true });
  await engine("up", "--refresh", "--yes", "--skip-preview");
  expect(await renderedDiffers(manifests, objectsNow())).toEqual([]);
});

test("what leaves the stack leaves the directory, and with it all that an update has made", {
  timeout: 300_000,
}, async () => {
  const config = readFileSync(stack.configFile, "utf8");
  const gone = (await readdir(join(manifests, "1-manifest"))).filter(name => name.includes("-nodes"));
  expect(gone.length).toBeGreaterThan(0);
  await writeFile(stack.configFile, config.replace("node: true", "node: false"));
  expect(readFileSync(stack.configFile, "utf8")).not.toBe(config);
  await engine("up", "--yes", "--skip-preview");
  for (const name of gone) expect(existsSync(join(manifests, "1-manifest", name)), name).toBe(false);
  expect((await renderedDiffers(manifests, objectsNow())).map(({ is }) => is)).toContain("not rendered");
  await engine("destroy", "--yes", "--skip-preview");
  expect((await readdir(manifests, { recursive: true })).filter(name => name.endsWith(".yaml"))).toEqual([]);
});
