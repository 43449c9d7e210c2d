// Bundle: its configuration, file by file, is what whoever approves it has signed the checksums of (RT-13).
import { Failure } from "../../../toolchain/failure";
import { checkConfigManifest, readConfigManifest } from "../format/config-manifest";
import { Refusal, shown } from "../format/refusal";
import { configurationFiles, files } from "../format/release";
import { readPublicKey } from "../signing/public-key";
import { verifyBlob } from "../signing/verify";
import type { OpenBundle } from "./opened";

type Read = Pick<OpenBundle, "file" | "titles" | "release">;

/** Whose signature was found good. */
export type ConfigurationKey = "the bundle's key" | "a key that lies in the bundle" | "the key that was given for it";

/**
 * The bundle's signature covers the same files, and the key of who approves configuration where that is another one: what is held
 * here is that this very release was approved. Who has that key out of band gives it, and needs not take the vendor's word for it.
 * @param publicKeyPem the bundle's key
 * @param configKeyPem who approves configuration; unless given, the key in the bundle, or else the bundle's own
 * @throws Refusal naming what is missing, altered, not listed, of another release, or signed by nobody who should
 */
export async function requireSignedConfiguration(
  bundle: Read,
  publicKeyPem: string,
  configKeyPem?: string,
): Promise<ConfigurationKey> {
  const text = (await needed(bundle, files.configManifest)).toString("utf8");
  const signature = (await needed(bundle, files.configManifestSignature)).toString("utf8");
  const { key, by } = await signerOf(bundle, publicKeyPem, configKeyPem);
  const where = by === "a key that lies in the bundle" ? `the key in ${files.configManifestKey}` : by;
  refusing(files.configManifestSignature, `a signature of ${files.configManifest} by ${where}.`, () =>
    verifyBlob(key, Buffer.from(text), signature),
  );
  const allowed = "the checksum of each file of this release's configuration.";
  const manifest = refusing(files.configManifest, allowed, () => readConfigManifest(text));
  for (const about of ["stack", "environment", "version", "buildSha"] as const)
    if (manifest[about] !== bundle.release[about])
      throw new Refusal(
        `${files.configManifest} is of ${about} ${shown(manifest[about])}, and the release of ${shown(bundle.release[about])}.`,
        "the manifest that was signed for this release.",
      );
  const listed = manifest.files.map(({ path }) => path).filter(path => bundle.titles.includes(path));
  const contents: Record<string, Buffer> = {};
  for (const title of new Set([...configurationFiles, ...listed])) contents[title] = await needed(bundle, title);
  refusing(files.configManifest, allowed, () => checkConfigManifest(text, contents));
  return by;
}

async function signerOf(
  bundle: Read,
  publicKeyPem: string,
  configKeyPem: string | undefined,
): Promise<{ key: string; by: ConfigurationKey }> {
  if (configKeyPem !== undefined) return { key: configKeyPem, by: "the key that was given for it" };
  if (!bundle.titles.includes(files.configManifestKey)) return { key: publicKeyPem, by: "the bundle's key" };
  const key = (await bundle.file(files.configManifestKey)).toString("utf8");
  return { key, by: "a key that lies in the bundle" };
}

/** @throws Failure if it is no public key: no bundle is to blame for that */
export function checkConfigKey(configKeyPem: string): string {
  readPublicKey(configKeyPem, "The key of who approves configuration");
  return configKeyPem;
}

async function needed(bundle: Read, title: string): Promise<Buffer> {
  if (bundle.titles.includes(title)) return bundle.file(title);
  throw new Refusal(`the release has no file ${title}.`, "a release whose configuration is signed, file by file.");
}

/** What a check throws, as a reason to refuse the bundle. */
function refusing<Result>(title: string, allowed: string, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw error instanceof Failure ? new Refusal(`${title}: ${error.what}.`, allowed) : error;
  }
}
