// Registry: a body that comes in chunks (RFC 9112, 7.1), taken apart in the buffer where it lies, and read strictly. No copy is made of it.

const LONGEST_LINE = 4096;
const MOST_TRAILERS = 100;
const SIZE = /^([0-9a-f]{1,12})[ \t]*(?:;[^\r\n\0]*)?$/i;

export class Chunked {
  #state: "size" | "data" | "after" | "trailer" | "done" = "size";
  /** Bytes of the chunk that have yet to come. */
  #left = 0;
  #line = "";
  #trailers = 0;

  /** Whether the end of the body was there. What comes after it is not looked at. */
  get done(): boolean {
    return this.#state === "done";
  }

  /**
   * Takes the bytes from `from` to `to`, which follow those of the call before, and leaves what of them is the body from `from` on.
   * @returns where that ends; undefined if the form is another one
   */
  decode(buffer: Buffer, from: number, to: number): number | undefined {
    let end = from;
    for (let at = from; at < to && !this.done; ) {
      if (this.#state === "data") {
        const count = Math.min(this.#left, to - at);
        if (end < at) buffer.copyWithin(end, at, at + count);
        end += count;
        at += count;
        this.#left -= count;
        if (this.#left === 0) this.#state = "after";
        continue;
      }
      const line = buffer.subarray(at, Math.min(to, at + LONGEST_LINE));
      const stop = line.indexOf("\n");
      this.#line += line.toString("latin1", 0, stop < 0 ? line.length : stop + 1);
      at += stop < 0 ? line.length : stop + 1;
      if (this.#line.length > LONGEST_LINE) return undefined;
      if (stop < 0) continue;
      if (!this.#line.endsWith("\r\n") || !this.#takes(this.#line.slice(0, -2))) return undefined;
      this.#line = "";
    }
    return end;
  }

  /** Whether a line may stand where it does. */
  #takes(line: string): boolean {
    if (this.#state === "size") {
      const size = SIZE.exec(line)?.[1];
      if (size === undefined) return false;
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left > 0 ? "data" : "trailer";
      return true;
    }
    if (this.#state === "after") this.#state = "size";
    else if (line === "") this.#state = "done";
    else return ++this.#trailers <= MOST_TRAILERS;
    return line === "";
  }
}
