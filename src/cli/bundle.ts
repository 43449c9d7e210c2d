// CLI: `bundle`: a release and its images as one signed file (PF-3, RT-9, RT-12).
import { readFile } from "node:fs/promises";
import { Failure } from "../../toolchain/failure";
import { during } from "../../toolchain/progress";
import { version as versionShape } from "../onprem/format/release";
import { collectImages } from "../onprem/make/collect";
import { type Made, makeBundle } from "../onprem/make/make";
import { checkName } from "../onprem/make/names";
import type { RecipeOf } from "../onprem/make/recipe";
import { baseFrom } from "../onprem/make/since";
import { parseSize } from "../onprem/make/slices";
import { openRegistry } from "../onprem/registry/session";
import { signerOf } from "../onprem/signing/signer-of";
import { byteProgress, inBytes } from "./byte-progress";
import { EXIT } from "./main";
import { table } from "./table";

export interface BundleOptions {
  stack: string;
  /** File to make. */
  out: string;
  /** Vendor's registry: HOST[:PORT][/PREFIX]. */
  from: string;
  /** Private key: a file, or `awskms:///KEY`. */
  key: string;
  releaseVersion: string;
  /** Older bundle that a delta builds on. */
  since?: string;
  /** Size of a part, such as `4GB`. */
  split?: string;
  /** File in the format of Docker's config.json. */
  registryAuth?: string;
  /** PEM file with the registry's authority. */
  registryCa?: string;
  plainHttp?: boolean;
  json?: boolean;
}

/** Makes a bundle and prints what it holds. Fails, and leaves no file of that name, when anything is not in order. */
export async function bundle(options: BundleOptions, recipeOf: RecipeOf): Promise<number> {
  const { stack, out, from, key, releaseVersion, since } = options;
  checkName(out);
  const split = options.split === undefined ? undefined : parseSize(options.split);
  if (!versionShape.safeParse(releaseVersion).success)
    throw new Failure(
      `${JSON.stringify(releaseVersion)} is no version of a release`,
      "Allowed is MAJOR.MINOR.PATCH, such as 1.4.0 or 1.5.0-rc.1: `--release-version 1.4.0`.",
    );
  const signer = await signerOf(key);
  const base = since === undefined ? undefined : await baseFrom(since, signer.publicKeyPem, releaseVersion);
  const session = openRegistry(from, {
    authFile: options.registryAuth,
    ca: options.registryCa === undefined ? undefined : await readCa(options.registryCa),
    plainHttp: options.plainHttp,
  });
  const started = Date.now();
  try {
    const { facts, images, rest } = await recipeOf(stack, releaseVersion);
    const collected = await during("manifests of the images", () => collectImages(session, images));
    const parts = await during("statements on the images", () => rest(collected, signer, session));
    const progress = byteProgress(`writing ${out}`);
    try {
      const waiting = () => process.stderr.write(`  … another palisade makes ${out}; waiting for it\n`);
      const ingredients = { facts, collected, base, ...parts };
      const made = await makeBundle(ingredients, session, { out, split, signer, waiting, progress: progress.at });
      progress.end();
      const seconds = (Date.now() - started) / 1000;
      process.stdout.write(options.json ? `${JSON.stringify({ ...made, seconds })}\n` : table(rows(made, seconds)));
      return EXIT.done;
    } finally {
      progress.end();
    }
  } finally {
    session.close();
  }
}

function rows(made: Made, seconds: number): string[][] {
  const rate = seconds > 0 ? (made.bytes - made.kept) / seconds : 0;
  return [
    ["made", "found"],
    ["version", made.version],
    ["index", made.index],
    ["images", String(made.images)],
    ["blobs", made.left > 0 ? `${made.blobs}, and ${made.left} of the base` : String(made.blobs)],
    ["bytes", `${made.bytes} (${inBytes(made.bytes)})`],
    ...(made.kept > 0 ? [["kept", `${inBytes(made.kept)} of an earlier making`]] : []),
    ["rate", `${inBytes(rate)}/s, ${seconds.toFixed(1)} s`],
    ...made.files.map(file => ["file", file]),
  ];
}

async function readCa(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Failure(
      `the certificate ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      "Name a PEM file: `--registry-ca FILE`.",
    );
  }
}
