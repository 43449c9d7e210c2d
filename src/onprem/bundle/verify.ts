// Bundle: verifies a bundle and its configuration, and says what was verified; nothing stays open (PF-3, RT-9, RT-13).
import { annotationKeys } from "../format/descriptor";
import type { Release } from "../format/release";
import { named, type OpenOptions, openWithFindings } from "./open";
import { type ConfigurationKey, requireSignedConfiguration } from "./signed-configuration";

/** What a bundle that was found good holds. */
export interface Verified {
  readonly version: string;
  readonly stack: string;
  readonly environment: string;
  /** `sha256:…` of index.json: names the bundle and all it holds. */
  readonly index: string;
  /** The bundle that a delta builds on. */
  readonly base?: { readonly index: string; readonly version: string };
  readonly images: Release["images"];
  /** Who signed the checksums of its configuration. */
  readonly configurationSignedBy: ConfigurationKey;
  /** Signatures, provenance and bills of material attached to the images. */
  readonly attachments: number;
  /** Files of the release. */
  readonly files: number;
  /** Blobs in this bundle, and those its base gave. */
  readonly blobs: number;
  readonly blobsOfBase: number;
  /** Bytes read, base included. */
  readonly bytes: number;
  readonly seconds: number;
}

export interface VerifyBundleOptions extends OpenOptions {
  again: string;
  /** Public key of who approves configuration, in PEM, as of `requireSignedConfiguration`. */
  configKeyPem?: string;
}

/** @throws Failure as `openBundle` and `requireSignedConfiguration` */
export async function verifyBundle(path: string, options: VerifyBundleOptions): Promise<Verified> {
  const started = performance.now();
  const { bundle, findings, size } = await openWithFindings(path, options);
  const { publicKeyPem, configKeyPem, again } = options;
  const configurationSignedBy = await named(path, again, () =>
    requireSignedConfiguration(bundle, publicKeyPem, configKeyPem),
  ).finally(() => bundle.close());
  const seconds = (performance.now() - started) / 1000;
  const { release, index, indexDigest, here, missing, files } = findings;
  const { version, stack, environment, base, images } = release;
  const attachments = index.manifests.filter(({ annotations }) => !annotations?.[annotationKeys.name]).length - 1;
  return {
    ...{ version, stack, environment, index: indexDigest, base, images, configurationSignedBy },
    ...{ attachments, files: files.size, blobs: here.size, blobsOfBase: missing.length, bytes: size, seconds },
  };
}
