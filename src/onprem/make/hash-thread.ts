// Make: SHA-256 on a thread of its own, so that the bytes of one blob are hashed while another's come and go to the disk (PF-3).
import { Worker } from "node:worker_threads";
import type { Sum } from "../registry/pull";

/** What the thread does: a text, since it has to run from the sources and out of one file alike. */
const PROGRAM = `
const { parentPort } = require("node:worker_threads");
const { createHash } = require("node:crypto");
const sums = new Map();
parentPort.on("message", ({ id, sum, bytes }) => {
  const hash = sums.get(sum) ?? createHash("sha256");
  sums.set(sum, hash);
  if (bytes) return parentPort.postMessage({ id, digest: (hash.update(bytes), "") });
  sums.delete(sum);
  parentPort.postMessage({ id, digest: hash.digest("hex") });
});
`;

interface Asked {
  resolve: (digest: string) => void;
  reject: (error: unknown) => void;
}

/** Bytes in shared memory are hashed where they lie; all others are copied first. */
export class HashThread {
  readonly #asked = new Map<number, Asked>();
  #worker: Worker | undefined;
  #ids = 0;

  /** One blob's. The thread is started by the first one. */
  sum(): Sum {
    const sum = this.#ids++;
    return {
      update: bytes => this.#ask({ sum, bytes }),
      digest: async () => `sha256:${await this.#ask({ sum })}`,
    };
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #ask(task: { sum: number; bytes?: Uint8Array }): Promise<string> {
    const id = this.#ids++;
    const answer = new Promise<string>((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#thread().postMessage({ ...task, id });
    });
    // Whoever stopped in the middle of a blob does not wait for it.
    answer.catch(() => undefined);
    return answer;
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(PROGRAM, { eval: true, resourceLimits: { maxYoungGenerationSizeMb: 2 } });
    worker.on("message", ({ id, digest }: { id: number; digest: string }) => {
      this.#asked.get(id)?.resolve(digest);
      this.#asked.delete(id);
    });
    const ended = (error: unknown) => {
      for (const { reject } of this.#asked.values()) reject(error);
      this.#asked.clear();
    };
    worker.on("error", ended);
    worker.on("exit", () => ended(new Error("the thread that hashes has ended")));
    this.#worker = worker;
    return worker;
  }
}
