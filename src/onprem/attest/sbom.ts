// Attest: lists what an image holds, by syft, from an OCI layout on this machine: no daemon, no network (RT-8, RT-9).
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { cached, cachedPath, isFinished } from "../../../toolchain/cache";
import { Failure } from "../../../toolchain/failure";
import { waitingFor } from "../../../toolchain/make";
import { run } from "../../../toolchain/run";
import { ensureSyft, SYFT_VERSION } from "../../../toolchain/signing-tools";
import { type Descriptor, isIndex, mediaTypes } from "../format/descriptor";
import { type Bom, type BomSubject, normaliseBom } from "./bom";

const TIMEOUT_MS = 600_000;

/** Changes with how syft is asked. */
const LAYOUT = "1";

/**
 * The SBOM of one image (a manifest, not an index). It is kept in the cache by the image's digest and syft's version: an image
 * is read once.
 * @param layout directory with `blobs/sha256`; what else lies there does not matter
 * @param image descriptor of the manifest
 * @throws Failure if syft cannot be had, or cannot read the image
 */
export async function sbomOf(layout: string, image: Descriptor, subject: Omit<BomSubject, "digest">): Promise<Bom> {
  if (isIndex(image)) throw new Error(`${image.digest} is an index; an SBOM is of one image`);
  const directory = await cached("sbom", keyOf(image), waitingFor(`the SBOM of ${subject.repository}`), async into => {
    await writeFile(join(into, "syft.json"), await syft(layout, image));
  });
  return normaliseBom(await readFile(join(directory, "syft.json"), "utf8"), { ...subject, digest: image.digest });
}

/** Whether the SBOM of an image is in the cache, so that none of its layers is needed. */
export const isListed = (image: Descriptor): boolean => isFinished(cachedPath("sbom", keyOf(image)), true);

const keyOf = ({ digest }: Descriptor) => `${LAYOUT}-${SYFT_VERSION}-${digest.replace("sha256:", "")}`;

async function syft(layout: string, image: Descriptor): Promise<string> {
  const program = await ensureSyft();
  const work = await mkdtemp(join(tmpdir(), "palisade-sbom-"));
  try {
    // syft reads the one image of a layout: this is one with the image's blobs and no other's index.
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [image] };
    await writeFile(join(work, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    await writeFile(join(work, "index.json"), JSON.stringify(index));
    await symlink(resolve(layout, "blobs"), join(work, "blobs"));
    const args = ["scan", "--quiet", "--output", "cyclonedx-json", "--scope", "squashed", `oci-dir:${work}`];
    const result = await run(program, args, { cwd: work, env: environment(work), timeoutMs: TIMEOUT_MS });
    if (result.code === 0) return result.stdout;
    throw new Failure(
      `syft cannot read the image ${image.digest}: ${result.stderr.trim().split("\n").slice(-5).join("\n")}`,
      "Look whether the image is whole: `skopeo inspect oci:LAYOUT`, then run the same command again.",
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Only what syft needs: settings of the user's own, from variables or from the home directory, would change what it finds. */
function environment(work: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: work,
    TMPDIR: work,
    SYFT_CHECK_FOR_APP_UPDATE: "false",
    // Lookups of licences on the network, for each language; off is the default, and has to stay so.
    SYFT_GOLANG_SEARCH_REMOTE_LICENSES: "false",
    SYFT_JAVASCRIPT_SEARCH_REMOTE_LICENSES: "false",
    SYFT_PYTHON_SEARCH_REMOTE_LICENSES: "false",
    SYFT_JAVA_USE_NETWORK: "false",
  };
}
