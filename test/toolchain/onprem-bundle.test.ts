// PF-3, RT-8, RT-9, RT-13: `palisade bundle` as it is typed, on a stack that the real engine rendered: what is in it, by our reader and by stock cosign.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inMB } from "../../bench/bundle/proc";
import { observe } from "../../bench/bundle/process";
import type { Bom } from "../../src/onprem/attest/bom";
import { openBundle } from "../../src/onprem/bundle/open";
import { requireSignedConfiguration } from "../../src/onprem/bundle/signed-configuration";
import { checkConfigManifest } from "../../src/onprem/format/config-manifest";
import { annotationKeys, manifest as manifestShape, mediaTypes } from "../../src/onprem/format/descriptor";
import { files } from "../../src/onprem/format/release";
import { predicateTypes } from "../../src/onprem/signing/statement";
import { verifyBlob, verifyStatement } from "../../src/onprem/signing/verify";
import { cacheRoot } from "../../toolchain/cache";
import { type RunResult, run } from "../../toolchain/run";
import { ensureCosign } from "../../toolchain/signing-tools";
import { ensureToolchain, toolchainEnv } from "../../toolchain/toolchain";
import { type Clone, openClone } from "../docs/clone";
import { type RealRegistry, startRegistry } from "./real-registry";
import { buildSha, provenanceOf, pushImages, repositories, writeStack } from "./small-stack";

const SLOW = { timeout: 900_000 };
/** What the command itself may take, in MB, whatever the size. What it starts is not counted: syft and what makes the executables. */
const ALLOWED_MB = 150;
let clone: Clone;
let registry: RealRegistry;
let env: NodeJS.ProcessEnv;
let digests: Record<string, string>;
let publicKeyPem: string;
let cosign: string;
const at = (name: string) => join(clone.room, name);

beforeAll(async () => {
  cosign = await ensureCosign();
  clone = await openClone();
  registry = await startRegistry();
  const { PATH, PULUMI_HOME } = toolchainEnv(await ensureToolchain());
  env = {
    PATH,
    PULUMI_HOME,
    HOME: clone.room,
    PALISADE_CACHE: cacheOfItsOwn(),
    PULUMI_BACKEND_URL: `file://${clone.room}`,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_SKIP_CONFIRMATIONS: "true",
    KUBECONFIG: "/nowhere",
    SOURCE_DATE_EPOCH: "1767323045",
    CONFIG_MANIFEST_SIGNATURE: "",
  };
  const made = await clone.type(
    `cd ${clone.room} && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out vendor.key && openssl pkey -in vendor.key -pubout -out vendor.pub`,
  );
  expect(made.code, made.stdout).toBe(0);
  publicKeyPem = readFileSync(at("vendor.pub"), "utf8");
  digests = await pushImages(at("images-1"), registry.address, "1");
  await release(digests);
  const init = await clone.type("pulumi stack init small", { env });
  expect(init.code, init.stdout).toBe(0);
  await up();
}, 900_000);
afterAll(async () => {
  await registry?.stop();
  await clone?.close();
});

/** All tools are where they are; no image was ever listed. */
function cacheOfItsOwn(): string {
  const cache = at("cache");
  mkdirSync(cache);
  for (const name of readdirSync(cacheRoot()).filter(name => !name.startsWith("sbom-")))
    symlinkSync(join(cacheRoot(), name), join(cache, name));
  return cache;
}

async function release(images: Record<string, string>): Promise<void> {
  await writeStack(clone.directory, "small", images);
  writeFileSync(at("provenance.json"), JSON.stringify(provenanceOf(images)));
}

async function up(): Promise<void> {
  const result = await clone.type("pulumi up --refresh --skip-preview --yes --stack small", { env });
  expect(result.code, result.stdout).toBe(0);
}

const palisade = (line: string, more: NodeJS.ProcessEnv = {}): Promise<RunResult> =>
  clone.type(`node bin/palisade.mjs ${line}`, { env: { ...env, ...more } });
const bundle = (out: string, version: string, more = "") =>
  palisade(
    `bundle --stack small --from ${registry.address} --key ${at("vendor.key")} --provenance ${at("provenance.json")} --release-version ${version} --out ${at(out)} ${more}`,
  );
function good(result: RunResult): RunResult {
  expect(result.code, result.stdout).toBe(0);
  return result;
}

const makeA = (out: string) =>
  palisade(
    `bundle --stack small --from ${registry.address} --key ${at("vendor.key")} --provenance ${at("provenance.json")} --release-version 1.4.0 --out ${at(out)}`,
    { TMPDIR: at("tmp") },
  );

test("a bundle is made, and verified; nothing of the images is left behind", SLOW, async () => {
  mkdirSync(at("tmp"));
  const { stdout: said } = good(await makeA("a.tar"));
  for (const repository of repositories) expect(said).toContain(`what ${repository} holds`);
  expect(readdirSync(at("tmp")).filter(name => name.startsWith("palisade-"))).toEqual([]);
  const { stdout } = good(await palisade(`verify ${at("a.tar")} --key ${at("vendor.pub")}`));
  expect(stdout).toMatch(/^stack +small \(prod\)$/m);
  const attachments = 3 * repositories.length;
  expect(stdout).toMatch(new RegExp(`^images +${repositories.length} \\(.*, with ${attachments} attachments$`, "m"));
});

test("a second making reads no image again, and is the same bytes", SLOW, async () => {
  expect(good(await makeA("b.tar")).stdout).not.toMatch(/what \S+ holds/);
  expect(readFileSync(at("b.tar")).equals(readFileSync(at("a.tar")))).toBe(true);
  rmSync(at("b.tar"));
});

test("the whole command takes no more memory than is allowed, the rendering of the stack included", SLOW, async () => {
  const command = ["bundle", "--stack", "small", "--from", registry.address, "--key", at("vendor.key")];
  const statements = ["--provenance", at("provenance.json"), "--release-version", "1.4.0"];
  const args = [join("bin", "palisade.mjs"), ...command, ...statements, "--out", at("seen.tar")];
  const program = { command: process.execPath, args, env: { ...process.env, ...env }, cwd: clone.directory };
  const { sample } = await observe([program]);
  expect(sample.peakMiB).toBeGreaterThan(20);
  expect(inMB(sample.peakMiB)).toBeLessThan(ALLOWED_MB);
  rmSync(at("seen.tar"));
});

test("its index is accepted by stock cosign, and refused when a byte of it is another", SLOW, async () => {
  const directory = at("index");
  mkdirSync(directory);
  const names = ["index.json", "index.json.sigstore.json"];
  expect((await run("tar", ["-xf", at("a.tar"), "-C", directory, ...names])).code).toBe(0);
  const verify = () =>
    run(
      cosign,
      [
        ...["verify-blob", "--key", at("vendor.pub"), "--bundle", "index.json.sigstore.json"],
        ...["--insecure-ignore-tlog=true", "index.json"],
      ],
      { cwd: directory, env: { PATH: process.env.PATH, HOME: directory, TMPDIR: directory } },
    );
  const right = await verify();
  expect(right, right.stderr).toMatchObject({ code: 0 });
  const text = readFileSync(join(directory, "index.json"), "utf8");
  writeFileSync(join(directory, "index.json"), text.replace("1.4.0", "1.4.1"));
  expect((await verify()).code).not.toBe(0);
});

test(
  "each image has a signature, the provenance that its pipeline wrote, and an SBOM of what is in it",
  SLOW,
  async () => {
    const opened = await openBundle(at("a.tar"), { publicKeyPem });
    try {
      const attached = opened.index.manifests.filter(({ artifactType }) => artifactType === mediaTypes.sigstore);
      const written = provenanceOf(digests).images;
      for (const [repository, digest] of Object.entries(digests)) {
        const said = new Map<string, unknown>();
        for (const each of attached) {
          const document = manifestShape.parse(JSON.parse((await opened.read(each)).toString("utf8")));
          const [layer] = document.layers;
          if (document.subject?.digest !== digest || !layer) continue;
          const predicateType = each.annotations?.[annotationKeys.predicateType] ?? "";
          const text = (await opened.read(layer)).toString("utf8");
          said.set(predicateType, verifyStatement(publicKeyPem, text, { predicateType, subject: digest }).predicate);
        }
        expect([...said.keys()].sort()).toEqual(Object.values(predicateTypes).sort());
        const facts = written[repository];
        expect(said.get(predicateTypes.provenance)).toMatchObject({
          buildDefinition: { resolvedDependencies: [{ uri: facts?.source, digest: { gitCommit: buildSha } }] },
          runDetails: { builder: { id: facts?.builderId }, metadata: { invocationId: facts?.pipelineId } },
        });
        const { components } = said.get(predicateTypes.sbom) as Bom;
        expect(components.map(({ name }) => name)).toContain(repository.replace("/", "-"));
        const file = await opened.file(`sbom/${repository.replace("/", "-")}.cdx.json`);
        expect(JSON.parse(file.toString("utf8"))).toEqual(said.get(predicateTypes.sbom));
      }
    } finally {
      await opened.close();
    }
  },
);

test("its files are those an operator needs, each listed and signed", SLOW, async () => {
  const opened = await openBundle(at("a.tar"), { publicKeyPem });
  try {
    const text = async (title: string) => (await opened.file(title)).toString("utf8");
    const configuration = opened.titles.filter(title => /^(stack|workloads|secrets|values|manifests)\./.test(title));
    expect(configuration).toHaveLength(6);
    const contents = await Promise.all(configuration.map(async title => [title, await opened.file(title)] as const));
    await requireSignedConfiguration(opened, publicKeyPem);
    const manifest = await text(files.configManifest);
    checkConfigManifest(manifest, Object.fromEntries(contents));
    verifyBlob(publicKeyPem, Buffer.from(manifest), await text(files.configManifestSignature));

    const provenance = await text("provenance/bundle.sigstore.json");
    const said = verifyStatement(publicKeyPem, provenance, { predicateType: predicateTypes.provenance });
    const listed = said.subject.map(({ name }) => name).sort();
    expect(listed).toEqual(opened.titles.filter(title => title !== "provenance/bundle.sigstore.json").sort());
    expect(said.predicate).toMatchObject({
      buildDefinition: { externalParameters: { stack: "small", version: "1.4.0" } },
      runDetails: { metadata: { invocationId: "https://ci.example.com/release/runs/417" } },
    });

    expect(await text(files.sbomPage)).toContain("<td>scriptpulse-api</td><td>1.0-1</td><td>deb</td><td>Zlib</td>");
    expect(await text("licenses/images.txt")).toContain("scriptpulse-api 1.0-1 (scriptpulse/api)");
    expect(await text("licenses/npm.txt")).toMatch(/^commander \d/m);
    expect(await text("licenses/node.txt")).toContain("Node.js is licensed for use as follows");
    expect(await text("runbooks/rollout-not-ready.md")).toContain("kubectl");
    const sums = (await text(files.installerSums)).trimEnd().split("\n");
    expect(sums).toHaveLength(2);
    for (const line of sums) {
      const [sum, name] = line.split("  ");
      const hash = createHash("sha256");
      const executable = opened.fileDescriptor(`installer/${name}`);
      if (!executable) throw new Error(`no ${name}`);
      expect(executable.digest).toBe(`sha256:${sum}`);
      const parts: Buffer[] = [];
      for await (const chunk of opened.stream(executable)) parts.push(chunk as Buffer);
      const bytes = Buffer.concat(parts);
      expect(hash.update(bytes).digest("hex")).toBe(sum);
      verifyBlob(publicKeyPem, bytes, await text(`installer/${name}.sigstore.json`));
    }
    for (const title of [...configuration, files.configManifest, files.sbomPage])
      expect(await text(title)).not.toContain(clone.room);
  } finally {
    await opened.close();
  }
});

test("the installer is written as it lies in the bundle", SLOW, async () => {
  good(await palisade(`installer --key ${at("vendor.key")} --out ${at("installer")}`));
  const opened = await openBundle(at("a.tar"), { publicKeyPem, full: false });
  try {
    for (const name of readdirSync(at("installer"))) {
      const sum = createHash("sha256")
        .update(readFileSync(join(at("installer"), name)))
        .digest("hex");
      expect(opened.fileDescriptor(`installer/${name}`)?.digest).toBe(`sha256:${sum}`);
    }
    expect(readdirSync(at("installer"))).toHaveLength(6);
    const checked = await run("sha256sum", ["--check", "SHA256SUMS"], { cwd: at("installer") });
    expect(checked, checked.stderr).toMatchObject({ code: 0 });
    const told = await run(join(at("installer"), "palisade-linux-amd64"), ["install", at("a.tar"), "--help"], {
      env: {},
    });
    expect(told.stdout).toContain("--key");
  } finally {
    await opened.close();
    rmSync(at("installer"), { recursive: true });
  }
});

test("parts are the whole in slices", SLOW, async () => {
  good(await bundle("p.tar", "1.4.0", "--split 100MB"));
  const parts = readdirSync(clone.room).filter(name => name.startsWith("p.tar."));
  expect(parts.length).toBeGreaterThan(1);
  const whole = Buffer.concat(parts.sort().map(name => readFileSync(at(name))));
  expect(whole.equals(readFileSync(at("a.tar")))).toBe(true);
  good(await palisade(`verify ${at("p.tar.001")} --key ${at("vendor.pub")}`));
  for (const name of parts) rmSync(at(name));
});

test(
  "a changed stack is refused until it is rendered and its builds are known; its delta is small and needs its base",
  SLOW,
  async () => {
    const before = digests;
    digests = await pushImages(at("images-2"), registry.address, "2");
    expect(Object.keys(digests).filter(name => digests[name] !== before[name])).toEqual(["scriptpulse/api"]);
    await writeStack(clone.directory, "small", digests);
    const stale = await bundle("d.tar", "1.5.0", `--since ${at("a.tar")}`);
    expect(stale.code).toBe(1);
    expect(stale.stdout).toMatch(/\.palisade\/rendered\/small are not those of stack `small` as it is now/);
    expect(stale.stdout).toMatch(/Next: pulumi up --refresh --stack small/);
    await up();
    const unknown = await bundle("d.tar", "1.5.0", `--since ${at("a.tar")}`);
    expect(unknown.code).toBe(1);
    expect(unknown.stdout).toContain(
      `scriptpulse/api@${digests["scriptpulse/api"]}: it has ${before["scriptpulse/api"]}`,
    );
    expect(existsSync(at("d.tar"))).toBe(false);
    await release(digests);
    good(await bundle("d.tar", "1.5.0", `--since ${at("a.tar")}`));
    expect(readFileSync(at("d.tar")).length).toBeLessThan(1_500_000);
    expect((await palisade(`verify ${at("d.tar")} --key ${at("vendor.pub")}`)).code).toBe(1);
    const { stdout } = good(await palisade(`verify ${at("d.tar")} --key ${at("vendor.pub")} --base ${at("a.tar")}`));
    expect(stdout).toMatch(/^delta on +1\.4\.0 /m);
  },
);

test("without a version, a time or a file of the builds nothing is made, and what to type is said", SLOW, async () => {
  const common = `bundle --stack small --from ${registry.address} --key ${at("vendor.key")} --out ${at("n.tar")}`;
  const unnamed = await palisade(common);
  expect(unnamed.stdout).toContain("--release-version 1.4.0");
  const unbuilt = await palisade(`${common} --release-version 1.6.0`);
  expect(unbuilt.stdout).toMatch(/--provenance provenance\.json[\s\S]*"pipelineId"/);
  const untimed = await palisade(`${common} --release-version 1.6.0 --provenance ${at("provenance.json")}`, {
    SOURCE_DATE_EPOCH: undefined,
  });
  expect(untimed.stdout).toContain("SOURCE_DATE_EPOCH");
  const unreleased = await palisade(
    `bundle --stack onprem --from ${registry.address} --key ${at("vendor.key")} --out ${at("n.tar")}`,
  );
  expect(unreleased.stdout).toContain("`palisade:release.buildSha` of stack `onprem` is the placeholder");
  for (const { code } of [unnamed, unbuilt, untimed, unreleased]) expect(code).toBe(1);
  expect(readdirSync(clone.room).filter(name => name.startsWith("n.tar"))).toEqual([]);
});
