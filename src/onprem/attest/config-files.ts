// Attest: a release's configuration, with the signed list of its checksums (RT-13).
import { writeConfigManifest } from "../format/config-manifest";
import { files } from "../format/release";
import type { ReleaseFacts, ReleaseFile } from "../make/plan";
import type { Signer } from "../signing/signer";
import { signConfigManifest } from "./config-key";

/** @param texts of the configuration's files, by title */
export async function configFiles(
  texts: Readonly<Record<string, string>>,
  facts: ReleaseFacts,
  signer: Signer,
): Promise<ReleaseFile[]> {
  const contents = Object.entries(texts).map(([title, text]) => [title, Buffer.from(text)] as const);
  const manifest = writeConfigManifest(facts, Object.fromEntries(contents));
  const { signature, publicKeyPem } = await signConfigManifest(manifest, signer);
  return [
    ...contents.map(([title, content]) => ({ title, content })),
    { title: files.configManifest, content: Buffer.from(manifest) },
    { title: files.configManifestSignature, content: Buffer.from(signature) },
    ...(publicKeyPem ? [{ title: files.configManifestKey, content: Buffer.from(publicKeyPem) }] : []),
  ];
}
