// Installer's commands: whatever ends one, told in words: what it is and what to type.
import { Failure } from "../../../toolchain/failure";
import { ApiError, NotReady, Unreachable } from "../../kubernetes/errors";
import { recordedGrant } from "./grant-command";

/** Characters of a fault that nobody foresaw. */
const longestFault = 4_000;

/** A cluster may refuse anything at any time. What nobody foresaw is told with where it came from, for the vendor. Pure. */
export function toldOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Unreachable) return new Failure(error.message, "Then type the same command again.");
  if (error instanceof ApiError) {
    const denied = `An administrator applies once: ${recordedGrant}\nFind out who you are: kubectl auth whoami`;
    const loggedOut = "Log in to the cluster, then type the same command again.";
    return new Failure(
      `the cluster refuses: ${error.message}`,
      error.status === 403 ? denied : error.status === 401 ? loggedOut : "",
    );
  }
  if (error instanceof NotReady) return new Failure(error.message, "");
  if (error instanceof Error && error.name === "TimeoutError")
    return new Failure("the cluster did not answer in time", "Type the same command again.");
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Failure(
    `a fault of this installer: ${text.slice(0, longestFault)}`,
    "Send this text to the vendor. Nothing is lost: the same command goes on with what was begun.",
  );
}
