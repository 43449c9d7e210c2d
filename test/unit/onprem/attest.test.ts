// Tests: what a release says of itself: hostile text stays text, altered files are found, and the same inputs give the same bytes (RT-8, RT-9, RT-13).
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Bom, normaliseBom } from "../../../src/onprem/attest/bom";
import { signConfigManifest } from "../../../src/onprem/attest/config-key";
import { imageLicencesText } from "../../../src/onprem/attest/image-licences";
import { licencesText, packageDirectories, packageLicences } from "../../../src/onprem/attest/npm-licences";
import { referrerOf } from "../../../src/onprem/attest/referrer";
import { sbomPage } from "../../../src/onprem/attest/sbom-page";
import { imageSignature, provenance } from "../../../src/onprem/attest/statements";
import { checkConfigManifest, writeConfigManifest } from "../../../src/onprem/format/config-manifest";
import { manifest, mediaTypes } from "../../../src/onprem/format/descriptor";
import { keySigner } from "../../../src/onprem/signing/file-key";
import { buildTypes } from "../../../src/onprem/signing/provenance";
import { predicateTypes, statement } from "../../../src/onprem/signing/statement";
import { verifyBlob } from "../../../src/onprem/signing/verify";

const digest = `sha256:${"ab".repeat(32)}`;
const sha = "0123456789abcdef0123456789abcdef01234567";

describe("a referrer", () => {
  const subject = { mediaType: mediaTypes.manifest, digest, size: 7, annotations: { name: "x" } };
  test("is a manifest whose every part is what it says it is", () => {
    const { descriptor, manifest: bytes, blobs } = referrerOf(subject, '{"a":1}', predicateTypes.signature);
    const read = manifest.parse(JSON.parse(bytes.toString()));
    expect(read.subject).toEqual({ mediaType: mediaTypes.manifest, digest, size: 7 });
    expect([read.config, ...read.layers]).toEqual(blobs.map(blob => blob.descriptor));
    for (const each of [...blobs, { descriptor, bytes }]) {
      expect(each.descriptor.size).toBe(each.bytes.length);
      expect(each.descriptor.digest).toBe(`sha256:${createHash("sha256").update(each.bytes).digest("hex")}`);
    }
  });
});

describe("provenance", () => {
  const build = {
    builderId: "https://ci.example.com/pipelines/release",
    pipelineId: "https://ci.example.com/runs/42",
    source: "git+https://git.example.com/palisade",
    gitSha: sha,
    parameters: { stack: "onprem" },
  };
  test("names builder, run, commit and what went in, as SLSA has it", () => {
    const said = statement.parse(
      provenance(buildTypes.bundle, [{ name: "index.json", digest }], build, [{ name: "sanctum/backend", digest }]),
    );
    expect(said).toMatchObject({
      predicateType: "https://slsa.dev/provenance/v1",
      subject: [{ name: "index.json", digest: { sha256: "ab".repeat(32) } }],
      predicate: {
        buildDefinition: {
          resolvedDependencies: [
            { uri: build.source, digest: { gitCommit: sha } },
            { name: "sanctum/backend", digest: { sha256: "ab".repeat(32) } },
          ],
        },
        runDetails: { builder: { id: build.builderId }, metadata: { invocationId: build.pipelineId } },
      },
    });
  });

  test.each(["", "main", sha.slice(1), `${sha}\n`])("is not made of the commit %j", gitSha => {
    const made = () => provenance(buildTypes.image, [{ name: "x", digest }], { ...build, gitSha });
    expect(made).toThrow(/is no git commit/);
  });

  test.each(["", "sha512:ab", `${digest}0`])("is not made of the digest %j", wrong => {
    expect(() => imageSignature(wrong)).toThrow(/is no sha256 digest/);
  });
});

/** An SBOM with one package. */
const listing = (component: object): Bom =>
  normaliseBom(JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.6", metadata: {}, components: [component] }), {
    repository: "a/b",
    digest,
    createdAt: "2026-01-01T00:00:00Z",
  });
const head = { stack: "onprem", environment: "onprem", version: "1.2.3", createdAt: "2026-01-01T00:00:00Z" };

describe("an SBOM", () => {
  const about = { repository: "a/b", digest, createdAt: "2026-01-01T00:00:00Z" };
  test("is the same, in whatever order and at whatever time syft found it", () => {
    const part = fc.record({
      type: fc.constantFrom("library", "file"),
      name: fc.string({ minLength: 1 }),
      "bom-ref": fc.uuid(),
    });
    const parts = fc.uniqueArray(part, { selector: each => each["bom-ref"], maxLength: 8 });
    const pair = parts.chain(each =>
      fc.tuple(fc.constant(each), fc.shuffledSubarray(each, { minLength: each.length }), fc.uuid(), fc.string()),
    );
    const written = (components: object[], id: string, path: string) =>
      JSON.stringify({
        ...{ bomFormat: "CycloneDX", specVersion: "1.6", serialNumber: `urn:uuid:${id}`, components },
        metadata: { timestamp: id, component: { "bom-ref": id, type: "file", name: path } },
        dependencies: [{ ref: id, dependsOn: [id] }],
      });
    void fc.assert(
      fc.property(pair, ([one, other, id, path]) => {
        const texts = [written(one, "first", "/tmp/first"), written(other, id, path)];
        const [left, right] = texts.map(text => JSON.stringify(normaliseBom(text, about)));
        expect(right).toBe(left);
      }),
    );
  });

  test.each(["", "null", "{}", '{"bomFormat":"SPDX"}'])("is refused if it is %j", text => {
    expect(() => normaliseBom(text, about)).toThrow(/is not CycloneDX/);
  });
});

describe("the page over all SBOMs", () => {
  test("shows hostile text as text, wherever it stands", () => {
    const evil = `<script>alert(1)</script><img src=x onerror="x">'&`;
    const bom = listing({ type: "library", name: evil, version: evil, licenses: [{ license: { name: evil } }] });
    const page = sbomPage({ stack: evil, environment: evil, version: evil, createdAt: evil }, [
      { repository: evil, digest: evil, file: `"${evil}`, bom },
    ]);
    expect(page).not.toMatch(/<script|<img|onerror="/i);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  });

  test("has no tag that a package's name brought, whatever the name", () => {
    const tags = (text: string) => text.match(/<[a-z/!][^>]*>/gi) ?? [];
    const page = (name: string) =>
      sbomPage(head, [{ repository: "a", digest, file: "f", bom: listing({ type: "library", name, version: name }) }]);
    const plain = tags(page("plain"));
    void fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("<", ">", '"', "'", "&", "/", "a", " ", "=") }), name => {
        expect(tags(page(name))).toEqual(plain);
      }),
    );
  });

  test("fetches nothing and runs nothing", () => {
    const page = sbomPage(head, [{ repository: "a", digest, file: "f", bom: listing({ type: "library", name: "n" }) }]);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/https?:|src=|@import|url\(/);
  });
});

test("licences of images are grouped, one line each, and silence is said", () => {
  const bom = listing({ type: "library", name: "zlib", version: "1", licenses: [{ expression: "Zlib\nOR  MIT" }] });
  const silent = listing({ type: "library", name: "mute" });
  const text = imageLicencesText([
    { repository: "b", bom },
    { repository: "a", bom },
    { repository: "a", bom: silent },
  ]);
  expect(text).toContain("Zlib OR MIT\n  zlib 1 (a, b)\n");
  expect(text).toContain("(not named)\n  mute (a)\n");
});

describe("licences of npm packages", () => {
  test("are found for each package that a build took a file from", () => {
    const inputs = [
      "src/a.ts",
      "node_modules/zod/index.js",
      "node_modules/zod/v4/x.js",
      "node_modules/@a/b/node_modules/@c/d/x.js",
    ];
    expect(packageDirectories(inputs)).toEqual(["node_modules/@a/b/node_modules/@c/d", "node_modules/zod"]);
  });

  test("of this project's own verification come with a text each", async () => {
    const root = join(__dirname, "..", "..", "..");
    const names = ["zod", "yaml", "@sigstore/bundle", "@sigstore/core", "@sigstore/verify", "@sigstore/protobuf-specs"];
    const found = await packageLicences(
      root,
      names.map(name => `node_modules/${name}`),
    );
    expect(found.map(({ name }) => name).sort()).toEqual([...names].sort());
    for (const { text } of found) expect(text.length).toBeGreaterThan(500);
    expect(licencesText(found)).toContain("zod 4");
  });

  test("of a package that names none are refused; a declared one without a text is said", async () => {
    const root = await mkdtemp(join(tmpdir(), "palisade-licences-"));
    try {
      for (const [name, license] of Object.entries({ mute: undefined, brief: "MIT", old: { type: "ISC" } })) {
        await mkdir(join(root, name));
        await writeFile(join(root, name, "package.json"), JSON.stringify({ name, version: "1.0.0", license }));
      }
      await expect(packageLicences(root, ["mute"])).rejects.toThrow(/mute 1.0.0 goes into the installer/);
      expect(await packageLicences(root, ["old", "brief"])).toMatchObject([
        { name: "brief", text: "The package declares MIT and brings no text.\n" },
        { name: "old", licence: "ISC" },
      ]);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

describe("the config manifest", () => {
  const about = { stack: "onprem", environment: "onprem", version: "1.2.3", buildSha: sha };
  const files = { "stack.json": Buffer.from("{}"), "a/b.json": Buffer.from("[]") };
  const text = writeConfigManifest(about, files);

  test("lists each file, sorted, the same each time", () => {
    const other = { "a/b.json": files["a/b.json"], "stack.json": files["stack.json"] };
    expect(writeConfigManifest(about, other)).toBe(text);
    expect(checkConfigManifest(text, files)).toMatchObject({
      ...about,
      files: [{ path: "a/b.json" }, { path: "stack.json", size: 2 }],
    });
  });

  test.each([
    ["altered", { ...files, "stack.json": Buffer.from("{ }") }, /stack.json has SHA-256/],
    ["missing", { "stack.json": files["stack.json"] }, /a\/b.json is missing/],
    ["too many", { ...files, more: Buffer.from("") }, /more is not in it/],
  ])("finds files that are %s", (_, found, message) => {
    expect(() => checkConfigManifest(text, found)).toThrow(message);
  });

  test.each([
    ["nothing", ""],
    ["not YAML", "{"],
    ["a path that leads out", text.replace("a/b.json", "../b.json")],
    ["an absolute path", text.replace("a/b.json", "/b.json")],
    ["one more field", `${text}more: 1\n`],
    ["a file twice", text.replace("a/b.json", "stack.json")],
    ["far too long", "#".repeat(2 ** 21)],
  ])("is refused if it is %s", (_, altered) => {
    expect(() => checkConfigManifest(altered, files)).toThrow(/config manifest does not match/);
  });

  test("keeps any name and content", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,9}(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,9}){0,2}$/);
    void fc.assert(
      fc.property(fc.dictionary(name, fc.uint8Array({ maxLength: 20 }), { minKeys: 1, maxKeys: 9 }), any => {
        expect(checkConfigManifest(writeConfigManifest(about, any), any).files).toHaveLength(Object.keys(any).length);
      }),
    );
  });
});

describe("who signs the config manifest", () => {
  afterEach(() => vi.unstubAllEnvs());
  const signer = keySigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);

  test("is the bundle's key, unless another is named", async () => {
    vi.stubEnv("CONFIG_MANIFEST_SIGNATURE", undefined);
    const { signature, publicKeyPem } = await signConfigManifest("text\n", signer);
    expect(publicKeyPem).toBeUndefined();
    verifyBlob(signer.publicKeyPem, Buffer.from("text\n"), signature);
  });

  test("is the key that CONFIG_MANIFEST_SIGNATURE names, whose public half is given along", async () => {
    const directory = await mkdtemp(join(tmpdir(), "palisade-config-key-"));
    try {
      const approver = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
      const path = join(directory, "approver.key");
      await writeFile(path, approver.export({ type: "pkcs8", format: "pem" }));
      vi.stubEnv("CONFIG_MANIFEST_SIGNATURE", path);
      const { signature, publicKeyPem } = await signConfigManifest("text\n", signer);
      expect(publicKeyPem).toBe(keySigner(approver).publicKeyPem);
      verifyBlob(publicKeyPem ?? "", Buffer.from("text\n"), signature);
      expect(() => verifyBlob(signer.publicKeyPem, Buffer.from("text\n"), signature)).toThrow(/another key/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test("has to be there if it is named", async () => {
    vi.stubEnv("CONFIG_MANIFEST_SIGNATURE", "/nowhere/approver.key");
    await expect(signConfigManifest("text\n", signer)).rejects.toThrow(/cannot be read/);
  });
});
