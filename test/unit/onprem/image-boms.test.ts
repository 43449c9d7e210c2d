// RT-8, RT-9: which images are read for their SBOMs, from where, and that nothing of them stays.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { attachmentsOf } from "../../../src/onprem/attest/attachments";
import { imageBoms } from "../../../src/onprem/attest/image-boms";
import type { Descriptor } from "../../../src/onprem/format/descriptor";
import { annotationKeys, mediaTypes } from "../../../src/onprem/format/descriptor";
import { collectImages } from "../../../src/onprem/make/collect";
import { draftBundle } from "../../../src/onprem/make/plan";
import { openRegistry, type RegistrySession } from "../../../src/onprem/registry/session";
import { facts, files, image, platforms, randomLayer, signer } from "./make-inputs";
import { type StandIn, startStandIn } from "./registry-stand-in";

const read = vi.hoisted(() => vi.fn());
const kept = vi.hoisted(() => new Set<string>());
vi.mock("../../../src/onprem/attest/sbom", () => ({
  isListed: ({ digest }: Descriptor) => kept.has(digest),
  sbomOf: read,
}));

let registry: StandIn;
let session: RegistrySession;
let room: string;
beforeEach(async () => {
  registry = await startStandIn();
  room = mkdtempSync(join(tmpdir(), "palisade-boms-"));
  vi.stubEnv("TMPDIR", room);
  session = openRegistry(registry.address, { authFile: join(room, "none.json"), pauseMs: 2 });
  kept.clear();
  read.mockReset().mockImplementation(async (layout: string, { digest }: Descriptor, { repository }) => {
    const blobs = layout ? readdirSync(join(layout, "blobs", "sha256")).length : 0;
    if (layout) readFileSync(join(layout, "blobs", "sha256", digest.replace("sha256:", "")));
    return { bomFormat: "CycloneDX", specVersion: "1.6", metadata: {}, components: [], read: { repository, blobs } };
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  session.close();
  await registry.close();
  expect(readdirSync(room)).toEqual([]);
  rmSync(room, { recursive: true });
});

const plain = () => image(registry.add, [randomLayer(1), randomLayer(1), randomLayer(2)]);
const platform = (architecture: string) => ({ os: architecture === "unknown" ? "unknown" : "linux", architecture });
const several = () => {
  const [amd64, arm64, statements] = [3, 4, 5].map(seed => image(registry.add, [randomLayer(seed)]));
  if (!amd64 || !arm64 || !statements) throw new Error("three were made");
  return platforms(registry.add, [
    { ...amd64, platform: platform("amd64") },
    { ...arm64, platform: platform("arm64") },
    { ...statements, platform: platform("unknown") },
  ]);
};
const collected = async (images: Record<string, Descriptor>) =>
  collectImages(
    session,
    Object.entries(images).map(([repository, { digest }]) => ({ repository, digest })),
  );
const boms = async (images: Record<string, Descriptor>) => imageBoms(await collected(images), session, facts.createdAt);

test("an image is fetched whole, read and removed; one for each platform, and none for what no node runs", async () => {
  const found = await boms({ "sanctum/backend": plain(), "palisade/collector": several() });
  expect(found.map(({ title, bom }) => [title, bom.read])).toEqual([
    ["sbom/palisade-collector-linux-amd64.cdx.json", { repository: "palisade/collector", blobs: 3 }],
    ["sbom/palisade-collector-linux-arm64.cdx.json", { repository: "palisade/collector", blobs: 3 }],
    ["sbom/sanctum-backend.cdx.json", { repository: "sanctum/backend", blobs: 4 }],
  ]);
});

test("no two have one title, and each is one that a bundle takes", async () => {
  const odd = { ...platform("amd64"), os: "li,nux", variant: "../v8" };
  const [one, two] = [image(registry.add, [randomLayer(8)]), image(registry.add, [randomLayer(9)])];
  const both = platforms(registry.add, [
    { ...one, platform: odd },
    { ...two, platform: { ...odd, os: "li nux" } },
  ]);
  const long = `palisade/${"long-".repeat(30)}name`;
  const images = await collected({
    "a/b-c": plain(),
    "a-b/c": plain(),
    "a/b/linux/amd64": plain(),
    "a/b": several(),
    "odd/one": both,
    [long]: plain(),
  });
  const found = await imageBoms(images, session, facts.createdAt);
  const titles = found.map(({ title }) => title);
  expect(new Set(titles).size).toBe(8);
  expect(titles.filter(title => title.startsWith("sbom/a-b-c-"))).toHaveLength(2);
  expect(titles).toContain("sbom/a-b-linux-arm64.cdx.json");
  const bomFiles = found.map(({ title }) => ({ title, content: Buffer.from(title) }));
  const { release } = draftBundle({ facts, collected: images, files: [...files, ...bomFiles], attachments: [] });
  expect(release.images).toHaveLength(6);
});

test("of an image that was listed before nothing is fetched", async () => {
  const listed = plain();
  kept.add(listed.digest);
  expect(await boms({ "sanctum/backend": listed })).toHaveLength(1);
  expect(registry.requests.filter(each => each.includes("/blobs/"))).toEqual([]);
});

test("an image that is not whole, or cannot be read, leaves nothing", async () => {
  const broken = plain();
  const images = await collected({ "sanctum/backend": broken });
  const [layer = ""] = [...images.repositories.keys()].slice(-1);
  registry.content.delete(layer);
  await expect(imageBoms(images, session, facts.createdAt)).rejects.toThrow(layer);
  expect(readdirSync(room)).toEqual([]);
  read.mockRejectedValue(new Error("unreadable"));
  await expect(boms({ "sanctum/frontend": image(registry.add, [randomLayer(7)]) })).rejects.toThrow("unreadable");
});

test("an image under two names is signed once, built twice, and fits into a bundle", async () => {
  const twice = plain();
  const images = await collected({ "sanctum/backend": twice, "sanctum/frontend": twice });
  const run = {
    builderId: "https://ci.example.com/1",
    pipelineId: "https://ci.example.com/2",
    source: "git+https://x.y",
  };
  const built = { ...run, digest: twice.digest, gitSha: facts.buildSha };
  const attachments = await attachmentsOf(
    images,
    { bundle: run, images: new Map([...images.images].map(({ repository }) => [repository, built])) },
    await imageBoms(images, session, facts.createdAt),
    signer,
  );
  const kinds = attachments.map(({ descriptor }) => descriptor.annotations?.[annotationKeys.predicateType]);
  expect(kinds).toEqual([
    "https://sigstore.dev/cosign/sign/v1",
    "https://slsa.dev/provenance/v1",
    "https://slsa.dev/provenance/v1",
    "https://cyclonedx.org/bom",
    "https://cyclonedx.org/bom",
  ]);
  const { index } = draftBundle({ facts, collected: images, files, attachments });
  expect(index.manifests.filter(({ artifactType }) => artifactType === mediaTypes.sigstore)).toHaveLength(5);
});
