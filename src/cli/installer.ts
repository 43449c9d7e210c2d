// CLI: `installer`: the operator's executables with checksums and signatures, to be given out beside a bundle (PF-3, RT-9).
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Failure } from "../../toolchain/failure";
import { bytesOfFile, measure } from "../onprem/make/content";
import { installerFiles } from "../onprem/recipe/installer-files";
import { signerOf } from "../onprem/signing/signer-of";
import { EXIT } from "./main";
import { table } from "./table";

export interface InstallerOptions {
  /** Private key: a file, or `awskms:///KEY`. */
  key: string;
  /** Directory; made if it is not there. */
  out: string;
  json?: boolean;
}

/** Writes the same files as a bundle of this version holds, and prints their checksums. */
export async function installer({ key, out, json }: InstallerOptions): Promise<number> {
  const made = await installerFiles(await signerOf(key));
  const rows: { file: string; sha256: string }[] = [];
  for (const { title, content } of made) {
    const file = join(out, basename(title));
    await written(async () => {
      await mkdir(out, { recursive: true });
      if (Buffer.isBuffer(content)) await writeFile(`${file}.part`, content);
      else {
        await writeFile(`${file}.part`, bytesOfFile(content));
        await chmod(`${file}.part`, 0o755);
      }
      await rename(`${file}.part`, file);
    }, out);
    rows.push({ file, sha256: measure(content).digest.replace("sha256:", "") });
  }
  const lines = rows.map(({ file, sha256 }) => [file, sha256]);
  process.stdout.write(json ? `${JSON.stringify(rows)}\n` : table([["file", "sha256"], ...lines]));
  return EXIT.done;
}

async function written(work: () => Promise<void>, out: string): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `${out} cannot be written: ${(error as NodeJS.ErrnoException).code}`,
      "Name a directory with 300 MB of room: `npx palisade installer --key vendor.key --out DIRECTORY`",
    );
  }
}
