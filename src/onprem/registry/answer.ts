// Registry: the whole of a short answer, and what a registry says of an error.
import { Failure } from "../../../toolchain/failure";
import { Cut, type Incoming } from "./wire";

/** @throws Failure when there are more bytes than `limit`; Cut when the connection is lost */
export async function whole(message: Incoming, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of message) {
      size += chunk.length;
      if (size > limit)
        throw new Failure(`a registry's answer is longer than ${limit} bytes`, "Nothing asked for here is so long.");
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Failure || error instanceof Cut) throw error;
    throw new Cut("the answer was cut");
  }
  return Buffer.concat(chunks);
}

/** What a registry says of an error, in parentheses: printable, in one line, and not for ever. */
export function said(body: Buffer): string {
  let text = body.toString("utf8");
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] };
    text = (errors ?? []).map(({ code, message }) => [code, message].filter(Boolean).join(": ")).join("; ");
  } catch {
    // Not of the specification's form: as it is.
  }
  const line = text
    .replace(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, 300);
  return line ? ` (${line})` : "";
}
