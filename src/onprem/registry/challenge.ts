// Registry: what a registry asks for with a 401, and the token that answers it (RFC 9110, and the token flow of the distribution project).
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";
import type { Credentials } from "./credentials";

/** What the header `WWW-Authenticate` asks for. */
export type Challenge = { scheme: "basic" } | { scheme: "bearer"; realm: string; service?: string; scope?: string };

const LONGEST_HEADER = 8 * 1024;
const PARAMETER = /([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

/** Reads the header; undefined if it asks for nothing that we can give. A token is preferred where both are offered. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  if (!header || header.length > LONGEST_HEADER) return undefined;
  const bearer = /(?:^|,\s*)bearer\s+(.*)$/is.exec(header);
  if (bearer) {
    const given = new Map<string, string>();
    for (const [, key = "", quoted, bare] of (bearer[1] ?? "").matchAll(PARAMETER))
      if (!given.has(key.toLowerCase())) given.set(key.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "");
    const realm = given.get("realm");
    if (realm) return { scheme: "bearer", realm, service: given.get("service"), scope: given.get("scope") };
  }
  return /(?:^|,\s*)basic(?:\s|$)/i.test(header) ? { scheme: "basic" } : undefined;
}

/** How a token is asked for. */
export interface TokenRequest {
  url: URL;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: Buffer;
}

/**
 * @param origin the registry's own: without TLS only its own host is asked, and only if it speaks without TLS itself
 * @param scope what we want, such as `repository:sanctum/backend:pull`
 * @throws Failure when the realm is not an address to send credentials to
 */
export function tokenRequest(
  { realm, service }: Extract<Challenge, { scheme: "bearer" }>,
  origin: string,
  scope: string,
  credentials: Credentials | undefined,
): TokenRequest {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const own = new URL(origin);
  const isOwn = url?.protocol === "http:" && own.protocol === "http:" && url.hostname === own.hostname;
  if (!url || url.username || !(url.protocol === "https:" || isOwn))
    throw new Failure(
      `registry ${own.host} sends us for a token to ${JSON.stringify(realm.slice(0, 200))}`,
      "Only an https:// address is asked for one, or the registry's own host if it speaks plain http. Have the registry's realm mended.",
    );
  const fields = { ...(service ? { service } : {}), scope };
  if (credentials && "identityToken" in credentials) {
    const form = { grant_type: "refresh_token", client_id: "palisade", refresh_token: credentials.identityToken };
    return {
      url,
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: Buffer.from(new URLSearchParams({ ...form, ...fields }).toString()),
    };
  }
  for (const [key, value] of Object.entries(fields)) url.searchParams.set(key, value);
  return { url, method: "GET", headers: credentials ? { authorization: basic(credentials) } : {} };
}

const tokenAnswer = z.object({
  token: z.string().min(1).optional(),
  access_token: z.string().min(1).optional(),
  expires_in: z.number().positive().optional(),
});

/** The token of an answer, and for how long it holds, in milliseconds; 60 s unless told. Undefined if there is none. */
export function parseToken(body: Buffer): { token: string; forMs: number } | undefined {
  try {
    const answer = tokenAnswer.parse(JSON.parse(body.toString("utf8")));
    const token = answer.token ?? answer.access_token;
    // What could not stand in a header is no token.
    if (!token || !/^[\x21-\x7e]+$/.test(token)) return undefined;
    return { token, forMs: Math.min(answer.expires_in ?? 60, 3600) * 1000 };
  } catch {
    return undefined;
  }
}

/** Value of the header `Authorization` for a name and a password. */
export function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
