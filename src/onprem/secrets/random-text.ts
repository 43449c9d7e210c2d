// Secrets on the spot: random letters and digits, each as likely as any other (SA-8, PF-7).
import { randomBytes } from "node:crypto";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** Bytes from here on would make some letters likelier than others, and are thrown away. */
const limit = 256 - (256 % alphabet.length);

/**
 * @param length letters and digits; each is worth 5.95 bits
 * @param bytes where randomness comes from; the system's by default
 */
export function randomText(length: number, bytes: (count: number) => Uint8Array = randomBytes): string {
  let text = "";
  // Four of 256 bytes are thrown away: this many rounds without an end is a source that is broken.
  for (let round = 0; text.length < length; round++) {
    if (round > 1_000) throw new Error("the source of randomness gives nothing that can be used");
    for (const byte of bytes(length - text.length)) if (byte < limit) text += alphabet[byte % alphabet.length];
  }
  return text;
}
