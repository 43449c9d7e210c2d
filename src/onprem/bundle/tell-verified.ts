// Bundle: verifies a bundle and prints what it holds, for people or for machines; the vendor's command and the operator's say the same (PF-3, RT-9).
import { open } from "node:fs/promises";
import { Failure } from "../../../toolchain/failure";
import { byteProgress, inBytes } from "../../cli/byte-progress";
import { table } from "../../cli/table";
import { checkConfigKey } from "./signed-configuration";
import { type Verified, verifyBundle } from "./verify";

/** Bytes of a public key's file; one in PEM has some two hundred. */
const KEY_LIMIT = 64 * 1024;

export interface VerifyOptions {
  /** Path of the vendor's public key. */
  key: string;
  /** Path of the public key of who approves configuration. */
  configKey?: string;
  /** Path of the whole bundle that a delta builds on. */
  base?: string;
  json?: boolean;
}

/**
 * @param again the command that was typed
 * @throws Failure with the first thing that is not as it was signed
 */
export async function tellVerified(
  file: string,
  { key, configKey, base, json }: VerifyOptions,
  again: string,
): Promise<void> {
  const publicKeyPem = await readKey(key, "--key");
  const configKeyPem = configKey === undefined ? undefined : checkConfigKey(await readKey(configKey, "--config-key"));
  const progress = byteProgress(`verifying ${file}`);
  try {
    const verified = await verifyBundle(file, { publicKeyPem, configKeyPem, base, again, progress: progress.at });
    progress.end();
    process.stdout.write(json ? `${JSON.stringify(verified)}\n` : table(rows(verified)));
  } finally {
    progress.end();
  }
}

function rows(found: Verified): string[][] {
  const size = found.images.reduce((sum, image) => sum + image.size, 0);
  const rate = found.seconds > 0 ? found.bytes / found.seconds : 0;
  return [
    ["verified", "found"],
    ["version", found.version],
    ["stack", `${found.stack} (${found.environment})`],
    ["index", found.index],
    ...(found.base ? [["delta on", `${found.base.version} (${found.base.index})`]] : []),
    ["images", `${found.images.length} (${inBytes(size)}), with ${found.attachments} attachments`],
    ["files", String(found.files)],
    ["configuration", `signed by ${found.configurationSignedBy}`],
    ["blobs", found.base ? `${found.blobs}, and ${found.blobsOfBase} of the base` : String(found.blobs)],
    ["bytes", `${found.bytes} (${inBytes(found.bytes)})`],
    ["rate", `${inBytes(rate)}/s, ${found.seconds.toFixed(1)} s`],
  ];
}

async function readKey(path: string, flag: "--key" | "--config-key"): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(KEY_LIMIT), 0, KEY_LIMIT, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Failure(
      `cannot read the public key ${path}: ${error instanceof Error ? error.message : error}`,
      `Give the vendor's public key${flag === "--key" ? "" : " for configuration"}, which came to you apart from the bundle, with \`${flag} FILE\`.`,
    );
  }
}
