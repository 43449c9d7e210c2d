// RT-13: the installer takes a release only as it was approved: every file of its configuration is held to checksums that were signed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireSignedConfiguration } from "../../../../src/onprem/bundle/signed-configuration";
import { writeConfigManifest } from "../../../../src/onprem/format/config-manifest";
import { annotationKeys } from "../../../../src/onprem/format/descriptor";
import { Refusal } from "../../../../src/onprem/format/refusal";
import { configurationFiles, files, type Release } from "../../../../src/onprem/format/release";
import { openTarget } from "../../../../src/onprem/installer/bundle-target";
import { imagesOf } from "../../../../src/onprem/render/images";
import { releaseFiles } from "../../../../src/onprem/render/release-files";
import { renderRelease } from "../../../../src/onprem/render/rendered-release";
import { signBlob } from "../../../../src/onprem/signing/sign";
import { digestOf, draft, make, throwAwaySigner } from "../bundle/maker";
import { exampleConfig, exampleInputs } from "../example";

const [vendor, approver, stranger] = [throwAwaySigner(), throwAwaySigner(), throwAwaySigner()];
const directory = mkdtempSync(join(tmpdir(), "palisade-configuration-"));
const again = "palisade install B --key K";
const about = { stack: "onprem", environment: "prod", version: "1.4.0", buildSha: "0".repeat(40) };
const images = imagesHere();
const whole = releaseFiles(inputsHere());

beforeAll(() => writeFileSync(join(directory, "vendor.pub"), vendor.publicKeyPem));
afterAll(() => rmSync(directory, { recursive: true }));

/** An image of a few bytes for each repository of the example. */
function imagesHere(): Record<string, Buffer[]> {
  const { config } = renderRelease(exampleInputs());
  const repositories = imagesOf(config, exampleInputs().workloads).keys();
  return Object.fromEntries([...repositories].map(repository => [repository, [Buffer.from(repository)]]));
}

/** The example, which names the images as they are here. */
function inputsHere() {
  const { config } = renderRelease(exampleInputs());
  const { index } = draft({ images });
  let text = JSON.stringify(exampleConfig());
  for (const [repository, digest] of imagesOf(config, exampleInputs().workloads)) {
    const here = index.manifests.find(({ annotations }) => annotations?.[annotationKeys.name] === repository);
    text = text.replaceAll(digest, here?.digest ?? "");
  }
  return exampleInputs(JSON.parse(text));
}

interface Change {
  /** Files beside the configuration, or in place of it; undefined takes one away. */
  files?: Record<string, string | undefined>;
  /** What is listed. */
  listed?: Record<string, string>;
  about?: Partial<typeof about>;
  signer?: typeof vendor;
  /** After it was signed. */
  alter?: (manifest: string) => string;
}

/** A bundle that the vendor signed as it is, whatever is wrong with its configuration. */
async function bundleWith({ files: changed = {}, listed, alter, signer = vendor, ...rest }: Change): Promise<string> {
  const bytes = (texts: Record<string, string>) =>
    Object.fromEntries(Object.entries(texts).map(([title, text]) => [title, Buffer.from(text)]));
  const text = writeConfigManifest({ ...about, ...rest.about }, bytes(listed ?? whole));
  const all = {
    ...whole,
    [files.configManifest]: alter?.(text) ?? text,
    [files.configManifestSignature]: await signBlob(signer, Buffer.from(text)),
    ...changed,
  };
  const present = Object.fromEntries(
    Object.entries(all).flatMap(([title, content]) => (content === undefined ? [] : [[title, content]])),
  );
  const { bytes: tar } = await make(vendor, draft({ images, files: present }));
  const path = join(directory, `${digestOf(tar).slice(7, 27)}.tar`);
  writeFileSync(path, tar);
  return path;
}

/** @param given whose key is given for the configuration */
async function opened(change: Change = {}, given?: typeof vendor): Promise<string> {
  const configKey = join(directory, "given.pub");
  if (given) writeFileSync(configKey, given.publicKeyPem);
  const options = { key: join(directory, "vendor.pub"), ...(given && { configKey }) };
  const { bundle, target } = await openTarget(await bundleWith(change), options, again, () => undefined);
  await bundle.close();
  return target.version;
}

const own = (text = approver.publicKeyPem) => ({ files: { [files.configManifestKey]: text } });

describe("a release is taken", () => {
  test("as the bundle's key signed its configuration", async () => expect(await opened()).toBe("1.4.0"));
  test("as a key of its own signed it, which the bundle has", async () =>
    expect(await opened({ ...own(), signer: approver })).toBe("1.4.0"));
  test("as the key signed it that was given, whether the bundle has that or not", async () => {
    expect(await opened({ ...own(), signer: approver }, approver)).toBe("1.4.0");
    expect(await opened({ signer: approver }, approver)).toBe("1.4.0");
    expect(await opened({}, vendor)).toBe("1.4.0");
  });
  test("with more files listed, each as it is listed", async () => {
    const more = { "runbooks/a.md": "# a\n" };
    expect(await opened({ files: more, listed: { ...whole, ...more } })).toBe("1.4.0");
  });
});

/** Still what the installer would read and render the same from. */
const altered = `${whole[files.valuesExample]}# one more line\n`;
const short = Object.fromEntries(Object.entries(whole).filter(([title]) => title !== files.secrets));

const refusals: [string, Change, RegExp][] = [
  [
    "a manifest altered after it was signed",
    { alter: text => text.replace(/sha256: "[0-9a-f]{8}/, 'sha256: "00000000') },
    /sigstore\.json: The signature is refused: it is of other bytes/,
  ],
  [
    "a file altered, in a bundle signed as it is",
    { files: { [files.valuesExample]: altered } },
    /config-manifest\.yaml: .*values\.example\.yaml has SHA-256 [0-9a-f]{64} and \d+ bytes; listed are/,
  ],
  ["a signature of somebody else", { signer: stranger }, /it is by another key/],
  ["a signature of somebody else beside a key of its own", { ...own(), signer: stranger }, /it is by another key/],
  [
    "the bundle's signature where a key of its own is there",
    own(),
    /it is by another key[\s\S]*by the key in config-manifest\.yaml\.pub/,
  ],
  ["a key of its own that is none", { ...own("no key"), signer: approver }, /public key is not one block of PEM/],
  [
    "no signature",
    { files: { [files.configManifestSignature]: undefined } },
    /has no file config-manifest\.yaml\.sigstore\.json/,
  ],
  ["a signature that is none", { files: { [files.configManifestSignature]: "{}" } }, /is not a sigstore bundle/],
  ["no manifest", { files: { [files.configManifest]: undefined } }, /has no file config-manifest\.yaml\./],
  ["a file that is not listed", { listed: short }, /secrets\.json is not in it/],
  ["a file that is listed and not there", { listed: { ...whole, "more.json": "{}" } }, /more\.json is missing/],
  ["a manifest that is none", { alter: () => "files: []\n" }, /it is of other bytes/],
  [
    "the manifest of another version",
    { about: { version: "1.3.0" } },
    /is of version "1\.3\.0", and the release of "1\.4\.0"/,
  ],
  ["the manifest of another build", { about: { buildSha: "1".repeat(40) } }, /is of buildSha "1{40}"/],
  ["the manifest of another stack", { about: { stack: "other" } }, /is of stack "other"/],
  ["the manifest of another environment", { about: { environment: "dev" } }, /is of environment "dev"/],
  ...configurationFiles.map((title): [string, Change, RegExp] => [
    `no ${title}`,
    { files: { [title]: undefined } },
    new RegExp(`has no file ${title.replaceAll(".", "\\.")}`),
  ]),
];

test.each(refusals)("%s is refused, with what to do", async (_, change, why) => {
  const refused = opened(change);
  await expect(refused).rejects.toThrow(why);
  await expect(refused).rejects.toThrow(
    /^\S+\.tar is refused: [\s\S]*\nAllowed: .*\n.*Fetch it again.*\nThen type: palisade install B --key K$/,
  );
});

test.each<[string, Change]>([
  ["the bundle's key", {}],
  ["a key that lies in the bundle", { ...own(stranger.publicKeyPem), signer: stranger }],
])("a configuration signed by %s is refused where another was given", async (_, change) => {
  await expect(opened(change, approver)).rejects.toThrow(/it is by another key[\s\S]*by the key that was given for it/);
});

test("what is given for that key and is none is named, and no bundle is blamed", async () => {
  const noKey = { ...approver, publicKeyPem: "no key" };
  await expect(opened({}, noKey)).rejects.toThrow(/^The key of who approves configuration is not one block of PEM/);
});

test("any one byte that is another, of the configuration or of its manifest, is found", async () => {
  const manifest = writeConfigManifest(
    about,
    Object.fromEntries(Object.entries(whole).map(([title, text]) => [title, Buffer.from(text)])),
  );
  const signature = await signBlob(vendor, Buffer.from(manifest));
  const release = { ...about } as Release;
  const texts: Record<string, string> = {
    ...whole,
    [files.configManifest]: manifest,
    [files.configManifestSignature]: signature,
  };
  const titles = Object.keys(texts);
  const signed = titles.filter(title => title !== files.configManifestSignature);
  const read = (contents: Record<string, Buffer>) => ({
    release,
    titles,
    file: async (title: string) => contents[title] ?? Buffer.alloc(0),
  });
  const contents = Object.fromEntries(titles.map(title => [title, Buffer.from(texts[title] ?? "")]));
  await requireSignedConfiguration(read(contents), vendor.publicKeyPem);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...signed), fc.nat(), fc.integer({ min: 1, max: 255 }), async (title, at, by) => {
      const bytes = Buffer.from(contents[title] ?? Buffer.alloc(1));
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ by;
      const change = requireSignedConfiguration(read({ ...contents, [title]: bytes }), vendor.publicKeyPem);
      await expect(change).rejects.toThrow(Refusal);
    }),
  );
});
