// Registry: who we are to it. Nobody until it asks; then a name and a password, or a token for each scope, fetched once (SP-12).
import type { IncomingMessage } from "node:http";
import { Failure } from "../../../toolchain/failure";
import type { RegistryAddress } from "./address";
import { said, whole } from "./answer";
import { basic, type Challenge, parseToken, tokenRequest } from "./challenge";
import { type Credentials, credentialsFor } from "./credentials";
import { type Body, Cut, mayPass } from "./wire";

/** Sends one request; a Cut when it does not get through. */
export type Send = (
  url: URL,
  request: { method: "GET" | "POST"; headers?: Readonly<Record<string, string>>; body?: Body },
) => Promise<IncomingMessage>;

export interface Login {
  /** Value of `Authorization` as far as the registry has asked for one. */
  authorization(scope: string): Promise<string | undefined>;
  /**
   * What answers a 401.
   * @param refused what was sent with the request, if anything
   * @throws Failure when we know nothing that answers it
   */
  answer(challenge: Challenge, scope: string, refused: string | undefined): Promise<string>;
}

interface Held {
  value: Promise<string>;
  until: number;
}

const LONGEST_TOKEN = 256 * 1024;
/** A token that is about to end would end under way. */
const WORTH = 0.8;

/** What to do about a refused login. */
export const loginAdvice = (host: string) =>
  `Log in with a tool that writes Docker's config.json (\`docker login ${host}\`, or skopeo, podman, oras), or name such a file: \`--registry-auth FILE\`.`;

/** @param authFile see `credentialsFor` */
export function createLogin({ host, origin }: RegistryAddress, authFile: string | undefined, send: Send): Login {
  const tokens = new Map<string, Held>();
  let asked: Challenge | undefined;
  let known: Promise<Credentials | undefined> | undefined;
  const credentials = () => {
    known ??= credentialsFor(host, authFile);
    return known;
  };

  async function fetchToken(
    bearer: Extract<Challenge, { scheme: "bearer" }>,
    scope: string,
    held: Held,
  ): Promise<string> {
    const { url, ...request } = tokenRequest(bearer, origin, scope, await credentials());
    const answer = await send(url, request);
    const status = answer.statusCode ?? 0;
    const body = await whole(answer, LONGEST_TOKEN);
    const found = status === 200 ? parseToken(body) : undefined;
    if (found) {
      held.until = Date.now() + found.forMs * WORTH;
      return `Bearer ${found.token}`;
    }
    if (mayPass(status)) throw new Cut(`${url.host}, asked for a token, answered ${status}`);
    // A 200 without a usable token is not shown: it may hold one.
    throw new Failure(
      `registry ${host}: ${url.host} gave no token for ${scope}: it answered ${status}${status === 200 ? "" : said(body)}`,
      loginAdvice(host),
    );
  }

  async function authorization(scope: string): Promise<string | undefined> {
    if (asked?.scheme === "basic") {
      const found = await credentials();
      return found && "username" in found ? basic(found) : undefined;
    }
    if (asked?.scheme !== "bearer") return undefined;
    const had = tokens.get(scope);
    if (had && had.until > Date.now()) return had.value;
    const held: Held = { value: Promise.resolve(""), until: Number.POSITIVE_INFINITY };
    tokens.set(scope, held);
    held.value = fetchToken(asked, scope, held);
    // The next one to ask tries again.
    held.value.catch(() => tokens.delete(scope));
    return held.value;
  }

  return {
    authorization,
    async answer(challenge, scope, refused) {
      asked = challenge;
      const held = tokens.get(scope);
      // Several requests may be refused with one old token; the first of them fetches a new one for all.
      if (held && refused !== undefined && (await held.value.catch(() => refused)) === refused) tokens.delete(scope);
      const found = await authorization(scope);
      if (!found)
        throw new Failure(`registry ${host} wants a name and a password, and none is known`, loginAdvice(host));
      return found;
    },
  };
}
