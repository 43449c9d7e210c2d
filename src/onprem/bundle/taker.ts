// Bundle: takes blobs from a container, holds each against its digest, and notes which are there and which are the base's (PF-3).
import { createHash } from "node:crypto";
import type { Descriptor } from "../format/descriptor";
import { Refusal } from "../format/refusal";
import { blobName } from "../tar/layout";
import type { Container } from "./container";
import { JSON_LIMIT, MANIFESTS_LIMIT } from "./json";

export class Taker {
  readonly here = new Map<string, Descriptor>();
  readonly missing: Descriptor[] = [];
  readonly #container: Container;
  readonly #base: ReadonlyMap<string, Descriptor>;
  #json = 0;

  /** @param base blobs that the base of a delta gives, by digest */
  constructor(container: Container, base: ReadonlyMap<string, Descriptor> = new Map()) {
    this.#container = container;
    this.#base = base;
  }

  isInBase(digest: string): boolean {
    return this.#base.has(digest);
  }

  /** Whether the base gives the blob, which is noted.
   * @throws Refusal if it has another size there */
  #leftToBase(blob: Descriptor): boolean {
    const there = this.#base.get(blob.digest);
    if (!there) return false;
    if (there.size !== blob.size)
      throw new Refusal(
        `${blobName(blob.digest)} is named with ${blob.size} bytes, and has ${there.size} in the base.`,
        "one size for one blob.",
      );
    this.missing.push(blob);
    return true;
  }

  /** A small blob's bytes; undefined if it is the base's. */
  async bytes(blob: Descriptor): Promise<Buffer | undefined> {
    const name = blobName(blob.digest);
    if (blob.size > JSON_LIMIT)
      throw new Refusal(`${name} has ${blob.size} bytes.`, `at most ${JSON_LIMIT} bytes of JSON.`);
    this.#json += blob.size;
    if (this.#json > MANIFESTS_LIMIT)
      throw new Refusal(
        `its manifests have more than ${MANIFESTS_LIMIT} bytes.`,
        `at most ${MANIFESTS_LIMIT} bytes in all.`,
      );
    const pieces: Buffer[] = [];
    const found = await this.hashed(blob, true, chunk => pieces.push(Buffer.from(chunk)));
    return found ? Buffer.concat(pieces) : undefined;
  }

  /** Whether the blob is in the container; its bytes are held against its digest.
   * @param look whether they are read at all */
  async hashed(blob: Descriptor, look: boolean, keep?: (chunk: Buffer) => void): Promise<boolean> {
    if (this.#leftToBase(blob)) return false;
    const hash = createHash("sha256");
    const sink = (chunk: Buffer) => {
      hash.update(chunk);
      keep?.(chunk);
    };
    await this.#container.take(blob, look ? sink : undefined);
    const found = `sha256:${hash.digest("hex")}`;
    if (look && found !== blob.digest)
      throw new Refusal(
        `${blobName(blob.digest)} was altered: its bytes have the digest ${found}.`,
        "the bytes its name tells.",
      );
    this.here.set(blob.digest, blob);
    return true;
  }
}
