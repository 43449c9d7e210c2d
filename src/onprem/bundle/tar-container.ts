// Bundle: the tar form, read once from front to back. Every byte that is no content is as `encodeHeader` and zeros have it, or refused (PF-3).
import type { Descriptor } from "../format/descriptor";
import { Refusal, shown } from "../format/refusal";
import { decodeHeader, diagnose } from "../tar/diagnose";
import { BLOCK, END, encodeHeader, LARGEST, paddingOf } from "../tar/header";
import { blobName, type HeadName, headNames } from "../tar/layout";
import type { Container, Opened } from "./container";
import { Pass } from "./pass";
import type { Source } from "./source";

export class TarContainer implements Container {
  readonly #source: Source;
  readonly #pass: Pass;
  /** Where each blob's content starts. */
  readonly #offsets = new Map<string, number>();

  constructor(source: Source, progress?: (bytes: number) => void) {
    this.#source = source;
    this.#pass = new Pass(source, progress);
  }

  get size(): number {
    return this.#source.size;
  }

  async head(name: HeadName, limit: number): Promise<Buffer> {
    const header = await this.#next(name);
    const entry = decodeHeader(header);
    if (entry?.name !== name) throw this.#unsigned(name, header) ?? this.#placed(diagnose(header, name));
    if (entry.size > limit) throw new Refusal(`${name} has ${entry.size} bytes.`, `at most ${limit} bytes.`);
    const content = await this.#pass.take(entry.size, name);
    await this.#padding(name, entry.size);
    return content;
  }

  async take(blob: Descriptor, sink?: (chunk: Buffer) => void): Promise<void> {
    const name = blobName(blob.digest);
    if (blob.size > LARGEST) throw new Refusal(`${name} has ${blob.size} bytes.`, `at most ${LARGEST} bytes.`);
    const header = await this.#next(name);
    if (!header.equals(encodeHeader(name, blob.size))) throw this.#placed(diagnose(header, name, blob.size));
    this.#offsets.set(blob.digest, this.#pass.position);
    if (sink) {
      await this.#pass.each(blob.size, name, sink);
      await this.#padding(name, blob.size);
    } else await this.#pass.skip(blob.size + paddingOf(blob.size), name);
  }

  async end(): Promise<void> {
    const header = await this.#next("its end");
    if (header.some(byte => byte !== 0)) throw this.#placed(diagnose(header, undefined));
    const second = await this.#pass.take(END - BLOCK, "its end");
    if (second.some(byte => byte !== 0)) throw this.#placed(diagnose(second, undefined));
    if (this.#pass.position !== this.size)
      throw new Refusal(
        `${this.size - this.#pass.position} bytes follow after its end, ${this.#source.where(this.#pass.position)}.`,
        "none: no more parts, no padding.",
      );
    await this.#pass.settle();
  }

  async opened({ digest }: Descriptor): Promise<Opened> {
    const offset = this.#offsets.get(digest);
    if (offset === undefined) throw new Error(`${digest} was not taken`);
    return { source: this.#source, offset, done: async () => undefined };
  }

  expected(blobs: readonly Descriptor[]): number {
    return blobs.reduce((sum, { size }) => sum + BLOCK + size + paddingOf(size), this.#pass.position) + END;
  }

  async close(): Promise<void> {
    await this.#pass.settle();
    await this.#source.close();
  }

  #next(what: string): Promise<Buffer> {
    return this.#pass.take(BLOCK, `the header of ${what}`);
  }

  async #padding(name: string, size: number): Promise<void> {
    const zeros = await this.#pass.take(paddingOf(size), `the padding of ${name}`);
    const at = zeros.findIndex(byte => byte !== 0);
    if (at >= 0)
      throw new Refusal(
        `byte ${at + 1} of the padding of ${name} is ${zeros[at]} (${this.#source.where(this.#pass.position - zeros.length + at)}).`,
        "zeros.",
      );
  }

  /** The signature alone can be left out of an otherwise good bundle: said as what it is. */
  #unsigned(name: HeadName, header: Buffer): Refusal | undefined {
    const found = decodeHeader(header)?.name;
    if (name !== headNames[2] || !found?.startsWith("blobs/")) return undefined;
    return new Refusal(
      `it is not signed: ${shown(found)} stands where ${name} belongs.`,
      "a bundle signed by the vendor.",
    );
  }

  #placed({ found, allowed, next }: Refusal): Refusal {
    return new Refusal(`${found} (${this.#source.where(this.#pass.position - BLOCK)})`, allowed, next);
  }
}
