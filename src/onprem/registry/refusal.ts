// Registry: what a registry's refusal of something pushed means, and what to do about it (PF-3). Pure, but for reading the answer.
import { Failure } from "../../../toolchain/failure";
import type { Answer } from "./session";

/** An answer that was read. */
export interface Answered {
  status: number;
  location?: string;
  /** Header `Range` of an upload's state. */
  range?: string;
  /** Header `OCI-Subject`: the registry lists this referrer by itself. */
  subject?: string;
  /** The beginning of what it said. */
  text: string;
}

/** Why something could not be pushed: no room there, refused for another reason, or cut. */
export type PushReason = "full" | "refused" | "cut";

/** Something could not be pushed. */
export class PushFailure extends Failure {
  constructor(
    what: string,
    fix: string,
    readonly reason: PushReason,
  ) {
    super(what, fix);
  }
}

const LONGEST_TEXT = 16 * 1024;

/** Reads an answer to its end, or its first 16 KiB: a registry that refuses may close before it has said why. */
export async function readAnswer({ status, headers, body }: Answer): Promise<Answered> {
  let text = "";
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      text += chunk.toString("latin1");
      if (text.length > LONGEST_TEXT) break;
    }
  } catch {
    // The status says enough.
  }
  const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);
  return {
    status,
    location: one(headers.location),
    range: one(headers.range),
    subject: one(headers["oci-subject"]),
    text,
  };
}

/** A disk or a quota that is full, as file systems, object stores and registries put it. "Err" is what Debian's registry shows of errno. */
const FULL = /no space left|ENOSPC|EDQUOT|quota exceeded|exceeds? the quota|insufficient.?storage|"Err":\s*(28|122)\b/i;

/** Statuses that trying again cannot change. */
const FINAL = new Set([401, 403, 405, 413]);

/** What an answer, or a failure to get one, means. */
export function reasonOf(why: Answered | Failure): PushReason {
  if (why instanceof Failure) return FULL.test(why.what) ? "full" : "cut";
  if (why.status === 507 || FULL.test(why.text)) return "full";
  return FINAL.has(why.status) ? "refused" : "cut";
}

/** How often each is tried at most. A full disk may be emptied by what the registry throws away meanwhile. */
export const ATTEMPTS: Readonly<Record<PushReason, number>> = { full: 2, refused: 1, cut: 20 };

const GO_ON = "Then run the same command again: it goes on where it was.";

/**
 * The failure to report.
 * @param what such as `blob sha256:… for sanctum/backend`
 */
export function pushFailure(host: string, what: string, why: Answered | Failure, tries: number): PushFailure {
  const reason = reasonOf(why);
  const said = why instanceof Failure ? why.what : `it answered ${why.status}${quoted(why.text)}`;
  const times = tries > 1 ? ` (tried ${tries} times)` : "";
  if (reason === "full")
    return new PushFailure(
      `registry ${host} has no room for ${what}: ${said}${times}`,
      `Give the registry more disk or quota, or remove images it no longer needs. ${GO_ON}`,
      reason,
    );
  if (reason === "refused" && !(why instanceof Failure) && why.status === 413)
    return new PushFailure(
      `registry ${host}, or a proxy before it, allows no request as large as ${what}: ${said}`,
      `Raise its limit for request bodies (nginx: client_max_body_size 0). ${GO_ON}`,
      reason,
    );
  if (reason === "refused")
    return new PushFailure(
      `registry ${host} refuses ${what}: ${said}`,
      `The user named to it must be allowed to push there: log in again (\`docker login ${host}\`, or skopeo), or name a file: \`--registry-auth FILE\`. ${GO_ON}`,
      reason,
    );
  return new PushFailure(
    `registry ${host} did not take ${what}: ${said}${times}`,
    `See that the registry runs and that the network to it holds; its own log says more. ${GO_ON}`,
    reason,
  );
}

/** What it said, in one printable line. */
function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  return line ? ` (${line.slice(0, 300)})` : "";
}
