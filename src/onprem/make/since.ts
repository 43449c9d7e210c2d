// Make: the bundle that a delta builds on: verified, whole, and older (PF-3, RT-9).
import { Failure } from "../../../toolchain/failure";
import { openWithFindings } from "../bundle/open";
import { compareVersions } from "../format/version-order";
import type { Base } from "./plan";

/**
 * What a delta may leave out. The old bundle's signature, index and manifests are verified, its layers are not read.
 * @param path of the old bundle: file, first part or directory
 * @param publicKeyPem of the key that signs the delta: an operator trusts one key for both
 * @throws Failure when it is not signed by this key, is a delta itself, or is not older than `version`
 */
export async function baseFrom(path: string, publicKeyPem: string, version: string): Promise<Base> {
  const again = `npx palisade verify ${path} --key PUBLIC_KEY`;
  const { bundle, findings } = await openWithFindings(path, { publicKeyPem, full: false, again, whole: true });
  try {
    const old = bundle.release.version;
    if (compareVersions(old, version) >= 0)
      throw new Failure(
        `${path} holds version ${old}, which is not older than ${version}`,
        "Name a newer version: `--release-version VERSION`, or an older bundle: `--since FILE`.",
      );
    return { index: bundle.indexDigest, version: old, digests: new Set(findings.here.keys()) };
  } finally {
    await bundle.close();
  }
}
