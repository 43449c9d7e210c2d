// PF-3, RT-13: a rendering that is not the stack as it is now makes no bundle: what differs is named, and how to mend it.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../../src/kubernetes/json";
import { renderedDiffers, requireRendered } from "../../../src/onprem/render/rendered-differs";
import { renderRelease } from "../../../src/onprem/render/rendered-release";
import { render, renderPath } from "../../../toolchain/kubernetes-plugin/render";
import { exampleInputs } from "./example";

const { objects } = renderRelease(exampleInputs());
const plain = JSON.parse(JSON.stringify(objects)) as JsonObject[];
const room = mkdtempSync(join(tmpdir(), "palisade-rendered-"));
const good = join(room, "good");
beforeAll(async () => {
  for (const object of plain) await render(good, object);
});
afterAll(() => rmSync(room, { recursive: true }));

let count = 0;
function copy(): string {
  const directory = join(room, `copy-${count++}`);
  cpSync(good, directory, { recursive: true });
  return directory;
}
function fileOf(kind: string, name: string): string {
  const found = plain.find(o => o.kind === kind && (o.metadata as JsonObject).name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return renderPath(found);
}

test("as the provider writes them, nothing differs", async () => {
  expect(await renderedDiffers(good, objects)).toEqual([]);
  await expect(requireRendered(good, objects, "onprem")).resolves.toBeUndefined();
});

test("nothing rendered at all: some are named, the others counted", async () => {
  const none = join(room, "none");
  expect(await renderedDiffers(none, objects)).toHaveLength(objects.length);
  await expect(requireRendered(none, objects, "onprem")).rejects.toThrow(
    new RegExp(
      `Namespace palisade-prod: not rendered\\n(.*\\n)+  … and ${objects.length - 10} more\\nNext: pulumi up --refresh --stack onprem$`,
    ),
  );
});

test("one is gone, one was changed, one is not of the stack, one is no manifest", async () => {
  const directory = copy();
  rmSync(join(directory, fileOf("Deployment", "poller")));
  writeFileSync(
    join(directory, fileOf("StatefulSet", "log-sink")),
    "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: log-sink, namespace: palisade-prod}\n",
  );
  writeFileSync(
    join(directory, "1-manifest", "foreign.yaml"),
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: foreign, namespace: x}\n",
  );
  writeFileSync(join(directory, "1-manifest", "broken.yaml"), "a: [");
  expect(await renderedDiffers(directory, objects)).toEqual([
    { of: "StatefulSet palisade-prod/log-sink", is: "rendered otherwise" },
    { of: "Deployment router-prod/poller", is: "not rendered" },
    { of: "ConfigMap x/foreign", is: "rendered and no longer of the stack" },
    { of: "1-manifest/broken.yaml", is: "no manifest" },
  ]);
  await expect(requireRendered(directory, objects, "onprem")).rejects.toThrow(
    `Next: rm -r ${directory} && pulumi up --refresh --stack onprem`,
  );
});

test("another configuration than what was rendered", async () => {
  const config = exampleInputs().config as { edge: object };
  const changed = renderRelease(exampleInputs({ ...config, edge: { domain: "other.example.com" } })).objects;
  const differences = await renderedDiffers(good, changed);
  expect(differences.length).toBeGreaterThan(0);
  for (const { is } of differences) expect(is).toBe("rendered otherwise");
});

test("two of one name in one file, or an empty file, are not taken for one", async () => {
  const directory = copy();
  mkdirSync(join(directory, "0-crd"), { recursive: true });
  writeFileSync(join(directory, "0-crd", "empty.yaml"), "");
  expect(await renderedDiffers(directory, objects)).toEqual([{ of: "0-crd/empty.yaml", is: "no manifest" }]);
});
