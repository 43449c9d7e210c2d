// Recipe: the operator's executables, their checksums and their signatures, as they lie in a bundle and are given out beside it (PF-3, RT-9).
import { architectures, executableName } from "../../../toolchain/installer/build";
import { ensureInstaller } from "../../../toolchain/installer/installer";
import { files } from "../format/release";
import { fileContent } from "../make/content";
import type { ReleaseFile } from "../make/plan";
import { signBlob, signHashed } from "../signing/sign";
import type { Signer } from "../signing/signer";

/**
 * Found in the cache or made. The checksums' file is signed too.
 * @throws Failure naming what the making lacks, or if the key cannot be used
 */
export async function installerFiles(signer: Signer): Promise<ReleaseFile[]> {
  const executables = await ensureInstaller();
  const found: ReleaseFile[] = [];
  const sums: string[] = [];
  for (const architecture of architectures) {
    const name = executableName(architecture);
    const content = await fileContent(executables[architecture]);
    const hex = content.digest.replace("sha256:", "");
    sums.push(`${hex}  ${name}\n`);
    const signature = await signHashed(signer, Buffer.from(hex, "hex"));
    found.push({ title: `installer/${name}`, content });
    found.push({ title: `installer/${name}.sigstore.json`, content: Buffer.from(signature) });
  }
  const text = Buffer.from(sums.join(""));
  found.push({ title: files.installerSums, content: text });
  found.push({ title: `${files.installerSums}.sigstore.json`, content: Buffer.from(await signBlob(signer, text)) });
  return found;
}
