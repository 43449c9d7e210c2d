// Make: brings what was written to the disk while the rest still comes, so that little is left to wait for at the end (PF-3).
import type { FileHandle } from "node:fs/promises";

/** Bytes from which on it is worth it: fewer would make the disk's own queue run dry in between. */
const WORTH_IT = 64 * 1024 * 1024;

/** One file's. At most one request is under way; an error of it comes with the next write, or at the end. */
export class EarlySync {
  #written = 0;
  #underWay: Promise<void> | undefined;
  #failed: { error: unknown } | undefined;

  constructor(private readonly file: FileHandle) {}

  /** @throws what an earlier request failed with: the system tells it only once */
  wrote(bytes: number): void {
    if (this.#failed) throw this.#failed.error;
    this.#written += bytes;
    if (this.#written < WORTH_IT || this.#underWay) return;
    this.#written = 0;
    this.#underWay = this.file.datasync().then(
      () => {
        this.#underWay = undefined;
      },
      (error: unknown) => {
        this.#failed = { error };
      },
    );
  }

  /** Waits for what is under way, before the file is closed. Does not throw. */
  async settle(): Promise<void> {
    await this.#underWay;
  }

  /** All on the disk, and nothing lost on the way.
   * @throws the error of this request, or of an earlier one */
  async finish(): Promise<void> {
    await this.settle();
    if (this.#failed) throw this.#failed.error;
    await this.file.sync();
  }
}
