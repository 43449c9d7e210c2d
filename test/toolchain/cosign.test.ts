// Signatures as others see them: stock cosign accepts what is signed here and refuses what was altered, and the other way round (RT-9).
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { referrerOf } from "../../src/onprem/attest/referrer";
import { imageSignature, sbomStatement } from "../../src/onprem/attest/statements";
import { annotationKeys, type Descriptor, mediaTypes } from "../../src/onprem/format/descriptor";
import { fileSigner, keySigner } from "../../src/onprem/signing/file-key";
import { signBlob, signStatement } from "../../src/onprem/signing/sign";
import { predicateTypes } from "../../src/onprem/signing/statement";
import { verifyBlob, verifyStatement } from "../../src/onprem/signing/verify";
import { cached } from "../../toolchain/cache";
import { withRegistry } from "../../toolchain/cluster/images";
import { packageEnv, packagesKey, unpackPackages } from "../../toolchain/cluster/packages";
import { packImage, pushImage } from "../../toolchain/images";
import { type RunResult, run } from "../../toolchain/run";
import { ensureCosign } from "../../toolchain/signing-tools";
import { get, putReferrers } from "./oci";

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const signer = keySigner(pair.privateKey);
const stranger = keySigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
const PASSPHRASE = "correct horse battery";

let program: string;
let root: string;
let registryProgram: { program: string; env: Record<string, string> };
beforeAll(async () => {
  program = await ensureCosign();
  const packages = packageEnv(
    await cached(
      "cluster-packages",
      packagesKey(),
      () => undefined,
      directory => unpackPackages(directory),
    ),
  );
  registryProgram = { program: join(packages.bin, "docker-registry"), env: packages.env };
  root = mkdtempSync(join(tmpdir(), "palisade-cosign-"));
  writeFileSync(join(root, "vendor.pub"), signer.publicKeyPem);
  await packImage(
    { layers: [{ files: [{ path: "/hello", content: "hello" }] }], entrypoint: ["/hello"], user: "65532:65532" },
    join(root, "image"),
  );
  const made = await cosign(["generate-key-pair", "--output-key-prefix", join(root, "theirs")]);
  expect(made, made.stderr).toMatchObject({ code: 0 });
}, 1_200_000);
afterAll(() => rmSync(root, { recursive: true }));

/** With nothing of this machine's: no home, no credentials, no log of the network to look in. */
const cosign = (args: string[]): Promise<RunResult> =>
  run(program, args, {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: root, TMPDIR: root, COSIGN_PASSWORD: PASSPHRASE },
    timeoutMs: 100_000,
  });

/** cosign ends badly, and for this reason. */
function refused({ code, stderr }: RunResult, reason: string): void {
  expect(stderr).toContain(reason);
  expect(code).not.toBe(0);
}

const written = (name: string, content: string | Buffer) => {
  writeFileSync(join(root, name), content);
  return name;
};

describe("a file", () => {
  const bytes = Buffer.from('{"schemaVersion":2,"manifests":[]}');
  const verify = (signature: string, file = bytes) =>
    cosign([
      "verify-blob",
      ...["--key", "vendor.pub", "--bundle", written("index.json.sigstore.json", signature)],
      ...["--insecure-ignore-tlog=true", written("index.json", file)],
    ]);

  test("signed here is accepted by cosign", async () => {
    const result = await verify(await signBlob(signer, bytes));
    expect(result, result.stderr).toMatchObject({ code: 0 });
    expect(result.stderr).toContain("Verified OK");
  });

  test("signed here, but altered or by another, is refused by cosign", async () => {
    const signature = await signBlob(signer, bytes);
    refused(await verify(signature, Buffer.concat([bytes, Buffer.from(" ")])), "invalid signature");
    refused(await verify(await signBlob(stranger, bytes)), "invalid signature");
    const renamed = (await signBlob(stranger, bytes)).replace(stranger.keyHint, signer.keyHint);
    refused(await verify(renamed), "invalid signature");
  });

  test("signed by cosign is accepted here, and refused when altered", async () => {
    written("theirs.json", bytes);
    const result = await cosign([
      ...["sign-blob", "--key", "theirs.key", "--use-signing-config=false", "--tlog-upload=false", "-y"],
      ...["--bundle", "theirs.json.sigstore.json", "theirs.json"],
    ]);
    expect(result, result.stderr).toMatchObject({ code: 0 });
    const key = readFileSync(join(root, "theirs.pub"), "utf8");
    const signature = readFileSync(join(root, "theirs.json.sigstore.json"), "utf8");
    verifyBlob(key, bytes, signature);
    expect(() => verifyBlob(key, Buffer.concat([bytes, bytes]), signature)).toThrow(/other bytes/);
    expect(() => verifyBlob(signer.publicKeyPem, bytes, signature)).toThrow(/another key/);
  });
});

test("cosign's own key file signs here; a wrong passphrase does not open it", async () => {
  vi.stubEnv("PALISADE_KEY_PASSPHRASE", PASSPHRASE);
  const theirs = await fileSigner(join(root, "theirs.key"));
  const bytes = Buffer.from("content");
  expect(theirs.publicKeyPem.trim()).toBe(readFileSync(join(root, "theirs.pub"), "utf8").trim());
  verifyBlob(readFileSync(join(root, "theirs.pub"), "utf8"), bytes, await signBlob(theirs, bytes));
  vi.stubEnv("PALISADE_KEY_PASSPHRASE", "wrong");
  await expect(fileSigner(join(root, "theirs.key"))).rejects.toThrow(/does not open/);
  vi.unstubAllEnvs();
});

test("the command that error messages name makes a key that signs here, and its public half", async () => {
  const message = await fileSigner(join(root, "vendor.pub")).catch((error: Error) => error.message);
  const [, command = ""] = /`(openssl genpkey [^`]+)`/.exec(String(message)) ?? [];
  const [openssl = "", ...args] = command.split(" ");
  vi.stubEnv("PALISADE_KEY_PASSPHRASE", PASSPHRASE);
  const made = await run(openssl, [...args, "-pass", "env:PALISADE_KEY_PASSPHRASE"], { cwd: root });
  expect(made, made.stderr).toMatchObject({ code: 0 });
  const key = await fileSigner(join(root, "vendor.key"));
  const pem = await run("openssl", ["pkey", "-in", "vendor.key", "-pubout", "-passin", "env:PALISADE_KEY_PASSPHRASE"], {
    cwd: root,
  });
  verifyBlob(pem.stdout, Buffer.from("content"), await signBlob(key, Buffer.from("content")));
  vi.unstubAllEnvs();
});

describe("an image in a registry", () => {
  const insecure = ["--allow-http-registry"];
  const verify = (reference: string, key = "vendor.pub") =>
    cosign(["verify", "--key", key, "--insecure-ignore-tlog=true", ...insecure, reference]);
  /** Pushes the image below a repository of its own, and gives what names it. */
  const pushed = async (address: string, name: string) => {
    const reference = await pushImage(join(root, "image"), address, name);
    const [, digest = ""] = reference.split("@");
    const repository = `http://${address}/v2/${name}`;
    const size = Buffer.byteLength(await get(repository, `manifests/${digest}`));
    const subject: Descriptor = { mediaType: mediaTypes.manifest, digest, size };
    return { reference, repository, subject };
  };

  test("signed here is accepted by cosign; unsigned, by another or of another image is refused", async () => {
    await withRegistry(registryProgram, join(root, "registry-ours"), async address => {
      const of = async (name: string, by = signer, digest?: string) => {
        const { reference, repository, subject } = await pushed(address, name);
        const text = await signStatement(by, imageSignature(digest ?? subject.digest));
        await putReferrers(repository, subject, [referrerOf(subject, text, predicateTypes.signature)]);
        return verify(reference);
      };
      const good = await of("sanctum/backend");
      expect(good, good.stderr).toMatchObject({ code: 0 });
      expect(good.stderr).toContain("The signatures were verified against the specified public key");

      refused(await verify((await pushed(address, "sanctum/unsigned")).reference), "no signatures found");
      refused(await of("sanctum/stranger", stranger), "accepted signatures do not match threshold");
      const swapped = await of("sanctum/swapped", signer, `sha256:${"ab".repeat(32)}`);
      refused(swapped, "does not match any digest in statement");
    });
  });

  test("signed here is refused by cosign if the signed statement was altered", async () => {
    await withRegistry(registryProgram, join(root, "registry-altered"), async address => {
      const { reference, repository, subject } = await pushed(address, "sanctum/altered");
      const other = await signStatement(signer, imageSignature(`sha256:${"ab".repeat(32)}`));
      const envelope = JSON.parse(other);
      envelope.dsseEnvelope.payload = Buffer.from(JSON.stringify(imageSignature(subject.digest))).toString("base64");
      await putReferrers(repository, subject, [
        referrerOf(subject, JSON.stringify(envelope), predicateTypes.signature),
      ]);
      refused(await verify(reference), "accepted signatures do not match threshold");
    });
  });

  test("its SBOM, signed here, is accepted by cosign verify-attestation", async () => {
    await withRegistry(registryProgram, join(root, "registry-sbom"), async address => {
      const { reference, repository, subject } = await pushed(address, "sanctum/listed");
      const bom = { bomFormat: "CycloneDX", specVersion: "1.6", components: [] };
      const text = await signStatement(signer, sbomStatement(subject.digest, bom));
      await putReferrers(repository, subject, [referrerOf(subject, text, predicateTypes.sbom)]);
      const common = ["verify-attestation", "--insecure-ignore-tlog=true", ...insecure, "--key", "vendor.pub"];
      const right = await cosign([...common, "--type", "cyclonedx", reference]);
      expect(right, right.stderr).toMatchObject({ code: 0 });
      expect((await cosign([...common, "--type", "slsaprovenance1", reference])).code).not.toBe(0);
    });
  });

  test("signed by cosign is accepted here, under the tag and with the annotations that are written here", async () => {
    await withRegistry(registryProgram, join(root, "registry-theirs"), async address => {
      const { reference, repository, subject } = await pushed(address, "sanctum/theirs");
      const offline = ["--use-signing-config=false", "--tlog-upload=false", ...insecure, "-y"];
      const signed = await cosign(["sign", "--key", "theirs.key", ...offline, reference]);
      expect(signed, signed.stderr).toMatchObject({ code: 0 });
      const index = JSON.parse(await get(repository, `manifests/${subject.digest.replace(":", "-")}`));
      const [listed] = index.manifests;
      const manifest = JSON.parse(await get(repository, `manifests/${listed.digest}`));
      const text = await get(repository, `blobs/${manifest.layers[0].digest}`);
      const key = readFileSync(join(root, "theirs.pub"), "utf8");
      const expected = { predicateType: predicateTypes.signature, subject: subject.digest };
      expect(verifyStatement(key, text, expected)).toMatchObject(imageSignature(subject.digest));

      const ours = referrerOf(subject, text, predicateTypes.signature);
      const { "org.opencontainers.image.created": _, ...annotations } = manifest.annotations;
      expect(JSON.parse(ours.manifest.toString())).toMatchObject({
        artifactType: manifest.artifactType,
        layers: manifest.layers,
        subject: manifest.subject,
        annotations,
      });
      expect(annotations[annotationKeys.predicateType]).toBe(predicateTypes.signature);
      expect(ours.descriptor.digest).toBe(`sha256:${createHash("sha256").update(ours.manifest).digest("hex")}`);
    });
  });
});
