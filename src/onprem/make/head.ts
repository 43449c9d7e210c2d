// Make: the signature that an earlier making of the same index left. A key in a KMS would make another one, of another length, and move every blob.
import { open } from "node:fs/promises";
import { verifyBlob } from "../signing/verify";
import { BLOCK, encodeHeader, fields, paddingOf } from "../tar/header";
import { headNames, ociLayout } from "../tar/layout";

/** A signature's file has some five hundred bytes. */
const LARGEST_SIGNATURE = 64 * 1024;

/**
 * @param path file under way
 * @returns the signature's file; undefined if there is none, or none that `publicKeyPem` accepts for these bytes
 */
export async function keptSignature(
  path: string,
  indexBytes: Buffer,
  publicKeyPem: string,
): Promise<Buffer | undefined> {
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return undefined;
  try {
    const read = async (at: number, size: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, at);
      return buffer.subarray(0, bytesRead);
    };
    const indexAt = BLOCK + ociLayout.length + paddingOf(ociLayout.length) + BLOCK;
    if (!(await read(indexAt, indexBytes.length)).equals(indexBytes)) return undefined;
    const headerAt = indexAt + indexBytes.length + paddingOf(indexBytes.length);
    const header = await read(headerAt, BLOCK);
    const [start, length] = fields.size;
    const size = Number.parseInt(header.toString("latin1", start, start + length), 8);
    if (!(size > 0 && size <= LARGEST_SIGNATURE) || !header.equals(encodeHeader(headNames[2], size))) return undefined;
    const signature = await read(headerAt + BLOCK, size);
    verifyBlob(publicKeyPem, indexBytes, signature.toString("utf8"));
    return signature;
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}
