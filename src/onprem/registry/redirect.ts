// Registry: where an answer sends us, such as to the storage that lies behind a registry (SP-10).
import type { Incoming } from "./wire";

/** Followed one after another. */
export const MOST_REDIRECTS = 5;

/** Whether an answer only says where to ask. */
export function isRedirect({ statusCode = 0, headers }: Pick<Incoming, "statusCode" | "headers">): boolean {
  return [301, 302, 303, 307, 308].includes(statusCode) && headers.location !== undefined;
}

/**
 * The address that `location` means; undefined if it may not be followed. From TLS there is no way down to plain http, and so
 * none into what answers on this machine or its network only because nobody outside can ask it.
 */
export function redirectTarget(location: string | undefined, from: URL): URL | undefined {
  if (!location || !URL.canParse(location, from.href)) return undefined;
  const target = new URL(location, from.href);
  if (target.username || target.password) return undefined;
  return target.protocol === "https:" || (target.protocol === "http:" && from.protocol === "http:")
    ? target
    : undefined;
}
