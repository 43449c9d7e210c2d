// Installer's commands: whether a registry takes an upload: one is begun and cancelled, and nothing of it stays.
import { Failure } from "../../../toolchain/failure";
import type { RegistryAnswer } from "../preflight/inputs";
import type { RegistrySession } from "../registry/session";

/** @param repository one that the images will lie in */
export async function tryRegistry(session: RegistrySession, repository: string): Promise<RegistryAnswer> {
  try {
    const begun = await session.ask({
      method: "POST",
      repository,
      path: "blobs/uploads/",
      expect: [202, 401, 403, 405],
      attempts: 2,
    });
    begun.body.destroy();
    if (begun.status === 401) return refused("authentication", "nobody may push without signing in");
    if (begun.status === 403) return refused("permission", `pushing to ${repository} is not allowed`);
    if (begun.status === 405) return refused("read-only", "it takes no uploads");
    await cancel(session, repository, begun.headers.location);
    return { kind: "writable" };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return refused(reasonOf(error.what), error.what);
  }
}

/** Left alone, it would be cleared away by the registry in its own time. */
async function cancel(session: RegistrySession, repository: string, location: string | undefined): Promise<void> {
  if (location === undefined) return;
  const expect = [200, 202, 204, 400, 401, 403, 404, 405];
  const answer = await session
    .ask({ method: "DELETE", repository, location, expect, attempts: 1 })
    .catch(() => undefined);
  answer?.body.destroy();
}

type Reason = Extract<RegistryAnswer, { kind: "refused" }>["reason"];

function reasonOf(what: string): Reason {
  if (/certificate|self.signed|\bTLS\b/i.test(what)) return "tls";
  if (/\b401\b|sign in|log in|credential/i.test(what)) return "authentication";
  if (/\b403\b|denied|forbidden/i.test(what)) return "permission";
  if (
    /ECONN|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ETIMEDOUT|refused|resolve|no connection|no answer|not be reached/i.test(
      what,
    )
  )
    return "unreachable";
  return "other";
}

const refused = (reason: Reason, detail: string): RegistryAnswer => ({ kind: "refused", reason, detail });
