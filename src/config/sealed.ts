// Config: a secret value in a box. Printing, logging or serialising the box shows that it is one, never what is in it (PF-7).
import { inspect } from "node:util";

const shown = "[secret]";

export class Sealed {
  readonly #value: string | undefined;

  /** @param value Absent when only the ciphertext is at hand, as in a stack file that nobody has decrypted. */
  constructor(value?: string) {
    this.#value = value;
  }

  /**
   * The secret in clear, for the one place that hands it to the engine as a secret output.
   * @throws Error if the box came from a file and holds ciphertext only.
   */
  open(): string {
    if (this.#value === undefined) throw new Error("the secret is encrypted; only the engine can decrypt it");
    return this.#value;
  }

  /** Whether the value satisfies `test`; a value nobody has decrypted is given the benefit of the doubt. */
  satisfies(test: (value: string) => boolean): boolean {
    return this.#value === undefined || test(this.#value);
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}
