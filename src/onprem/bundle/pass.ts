// Bundle: one pass over a source, from start to end. Two buffers of one size: while one is looked at, the other is filled.
import { Refusal } from "../format/refusal";
import type { Source } from "./source";

/** Bytes of one buffer: smaller ones cost more in calls than they save in memory. */
const CHUNK = 1024 * 1024;

interface Read {
  readonly buffer: Buffer;
  readonly done: Promise<number>;
}

export class Pass {
  readonly #source: Source;
  readonly #progress: (bytes: number) => void;
  #position: number;
  /** Read, and not yet taken. */
  #current: Buffer = Buffer.alloc(0);
  #spare: Buffer[] = [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)];
  #held: Buffer | undefined;
  #ahead: Read | undefined;

  /** @param progress told the bytes of each step */
  constructor(source: Source, progress: (bytes: number) => void = () => undefined) {
    this.#source = source;
    this.#progress = progress;
    this.#position = 0;
  }

  /** Where the next byte lies. */
  get position(): number {
    return this.#position;
  }

  /** Small contents, kept.
   * @throws Refusal if the source ends before */
  async take(length: number, what: string): Promise<Buffer> {
    const taken = Buffer.alloc(length);
    let filled = 0;
    await this.each(length, what, chunk => {
      filled += chunk.copy(taken, filled);
    });
    return taken;
  }

  /** Hands over the next bytes in pieces that are good until the call returns.
   * @throws Refusal if the source ends before */
  async each(length: number, what: string, sink: (chunk: Buffer) => void): Promise<void> {
    for (let left = length; left > 0; ) {
      if (this.#current.length === 0 && !(await this.#fill())) throw this.#short(what, left);
      const chunk = this.#current.subarray(0, left);
      this.#current = this.#current.subarray(chunk.length);
      this.#position += chunk.length;
      left -= chunk.length;
      sink(chunk);
      this.#progress(chunk.length);
    }
  }

  /** Leaves bytes unread. */
  async skip(length: number, what: string): Promise<void> {
    if (this.#position + length > this.#source.size)
      throw this.#short(what, length - (this.#source.size - this.#position));
    if (length > this.#current.length) {
      await this.settle();
      this.#current = Buffer.alloc(0);
    } else this.#current = this.#current.subarray(length);
    this.#position += length;
    this.#progress(length);
  }

  /** Waits for what is being read; nothing is under way after it. */
  async settle(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (!ahead) return;
    await ahead.done.catch(() => 0);
    this.#spare.push(ahead.buffer);
  }

  async #fill(): Promise<boolean> {
    const read = this.#ahead ?? this.#start(this.#position);
    this.#ahead = undefined;
    if (this.#held) this.#spare.push(this.#held);
    this.#held = undefined;
    if (!read) return false;
    const length = await read.done;
    this.#held = read.buffer;
    this.#current = read.buffer.subarray(0, length);
    this.#ahead = this.#start(this.#position + length);
    return length > 0;
  }

  #start(position: number): Read | undefined {
    const buffer = position < this.#source.size ? this.#spare.pop() : undefined;
    if (!buffer) return undefined;
    const done = this.#source.read(buffer, position);
    // Whoever waits for it sees the failure; nobody may wait if the pass ends early.
    done.catch(() => undefined);
    return { buffer, done };
  }

  #short(what: string, left: number): Refusal {
    return new Refusal(
      `it ends in the midst of ${what}: ${left} bytes are missing after ${this.#source.where(this.#source.size)}.`,
      "the bundle, whole.",
    );
  }
}
