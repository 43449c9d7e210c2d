// Tests: images from a bundle straight into the node's containerd; pods by digest start from them though no registry is there.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { importIntoNode } from "../../src/onprem/images/node-import";
import type { ImageSource } from "../../src/onprem/images/source";
import { type Cluster, clusterDown, clusterUp, ensureClusterTools } from "../../toolchain/cluster/cluster";
import { packImage } from "../../toolchain/images";
import { MadeBundle } from "../unit/onprem/images/image-bundle";
import { eventually, Kube, pod, trialNamespace } from "./kube";

/** No name of any registry: what pods get can only be what was imported. */
const REGISTRY = "registry.nowhere.example:5000/customer";

const base = mkdtempSync(join(tmpdir(), "palisade-node-import-"));
const directory = join(base, "cluster");
let cluster: Cluster;
let kube: Kube;
let bundle: MadeBundle;
let ctr: string[];

beforeAll(async () => {
  const tools = await ensureClusterTools();
  cluster = await clusterUp(directory);
  kube = new Kube(cluster);
  ctr = [...cluster.enter, "ctr"];
  mkdirSync(join(base, "blobs"));
  bundle = new MadeBundle(join(base, "blobs"));
  const shell = { path: "/bin/busybox", source: tools.busybox, mode: 0o755 };
  const names = ["sh", "sleep", "cat"].map(name => ({ path: `/bin/${name}`, link: "/bin/busybox" }));
  for (const name of ["backend", "frontend"]) {
    const layout = join(base, name);
    const layers = [{ files: [shell, ...names] }, { files: [{ path: "/name", content: name }] }];
    const { digest, size, mediaType } = await packImage({ layers, user: "1000:1000" }, layout);
    for (const file of readdirSync(join(layout, "blobs", "sha256")))
      bundle.add("", readFileSync(join(layout, "blobs", "sha256", file)));
    bundle.name(`sanctum/${name}`, { digest, size, mediaType }, []);
  }
  await kube.apply(trialNamespace);
});
afterAll(async () => {
  await clusterDown(directory);
  await rm(base, { recursive: true });
});

const references = () => bundle.images.map(({ repository, digest }) => `${REGISTRY}/${repository}@${digest}`);

/** A pod that may only use what the node has. */
function local(name: string, image: string, imagePullPolicy: "Never" | "IfNotPresent") {
  const made = pod({ name, image }) as { spec: { containers: object[] } };
  const containers = made.spec.containers.map(container => ({ ...container, imagePullPolicy }));
  return { ...made, spec: { ...made.spec, containers } };
}

test("an import that was cut short leaves no image that counts, and is taken up", async () => {
  const control = new AbortController();
  const cut = importIntoNode(bundle, {
    registry: REGISTRY,
    ctr,
    signal: control.signal,
    onProgress: () => control.abort(),
  });
  await expect(cut).rejects.toThrow();
  const seen: number[] = [];
  const total = new Set<number>();
  const done = await importIntoNode(bundle, {
    registry: REGISTRY,
    ctr,
    onProgress: (bytes, of) => {
      seen.push(bytes);
      total.add(of);
    },
  });
  expect(done).toEqual({ imported: references(), present: [] });
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect([...total]).toEqual([seen.at(-1)]);
});

test("pods that name an image by digest start from it", async () => {
  const [backend = "", frontend = ""] = references();
  await kube.apply(local("never", backend, "Never"), local("if-not-present", frontend, "IfNotPresent"));
  for (const [name, content] of [
    ["never", "backend"],
    ["if-not-present", "frontend"],
  ] as const) {
    const phase = await eventually(
      () => kube.do("get", "pod", "-n", "trial", name, "-o", "jsonpath={.status.phase}"),
      answer => answer === "Running",
      60_000,
    );
    expect(phase, await kube.do("get", "events", "-n", "trial")).toBe("Running");
    expect((await kube.sh(name, "cat /name")).stdout).toBe(content);
  }
});

test("a second run imports nothing", async () => {
  expect(await importIntoNode(bundle, { registry: REGISTRY, ctr })).toEqual({
    imported: [],
    present: references(),
  });
});

test("a bundle whose bytes changed is no image on the node", async () => {
  const changed = new MadeBundle(join(base, "blobs"));
  const layer = changed.layer(100_000);
  const { digest } = changed.image("sanctum/changed", [layer], []);
  const { index } = changed;
  const other = changed.layer(100_000);
  const stream = () => changed.stream(other);
  const bad: ImageSource = { index, read: blob => changed.read(blob), stream, pieces: stream };
  await expect(importIntoNode(bad, { registry: REGISTRY, ctr })).rejects.toThrow(
    /containerd cannot import sanctum\/changed/,
  );
  const { present } = await importIntoNode(bundle, { registry: REGISTRY, ctr });
  expect(present).toEqual(references());
  expect(present.join()).not.toContain(digest);
});

test("says what to do where there is no containerd", async () => {
  await expect(importIntoNode(bundle, { registry: REGISTRY, ctr: ["no-such-ctr"] })).rejects.toThrow(
    /no-such-ctr cannot be run.*--ctr 'k3s ctr'/s,
  );
  await expect(importIntoNode(bundle, { registry: REGISTRY, ctr, address: "/run/nothing.sock" })).rejects.toThrow(
    /containerd cannot look for images: .*--address \/run\/nothing.sock --namespace k8s.io/s,
  );
});
