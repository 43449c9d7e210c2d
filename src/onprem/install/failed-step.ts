// Installer: what becomes of a transition of which a step failed: the release before runs again, or what stands is left (RT-9, RT-12).
import { Failure } from "../../../toolchain/failure";
import type { ReleaseHead } from "./journal";
import type { Move } from "./move";
import { changingSteps } from "./plan";
import { settleFailed } from "./release-book";
import { Interrupted } from "./session";
import { goBack } from "./way-back";

/** A step failed, and the way back is at its end: the release before runs again, or even that failed. */
export class WayBackEnded extends Failure {}

export async function wentBack(move: Move, { revision, version }: ReleaseHead, reason: string): Promise<never> {
  const { environment, store, session: running, operation } = move;
  try {
    await goBack(environment, store, running, revision);
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    throw new WayBackEnded(
      `${reason}\nGoing back to release ${version} failed as well: ${error instanceof Error ? error.message : String(error)}`,
      "Mend what is named above. Then type the same command again, which goes on going back. Without the bundle: palisade rollback",
    );
  }
  await settleFailed(store, operation.revision);
  await running.journal({ state: "failed" });
  throw new WayBackEnded(
    `${reason}\nWent back to release ${version}, which runs again.`,
    "Mend what is named above, then type the same command again.",
  );
}

/** What to throw for a failed step, once what can be mended is mended. */
export async function givenUp(move: Move, error: Error): Promise<Error> {
  try {
    return await mended(move, error);
  } catch (failure) {
    // What cannot be recorded does not take the place of the reason for it; the journal says where it was.
    const why = failure instanceof Error ? failure.message : String(failure);
    const next = failure instanceof Interrupted ? failure.fix : "Type the same command again to go on.";
    return new Interrupted(`${error.message}\nNor could this be recorded: ${why}`, next);
  }
}

async function mended(move: Move, error: Error): Promise<Error> {
  const { session: running, decision, request, store, operation } = move;
  const { current, kind } = decision;
  const { step } = running;
  if (operation.revision === 0) return error;
  const isChanging = changingSteps.includes(step);
  const isOther = current !== undefined && current.revision !== operation.revision;
  if (request.command !== "rollback" && kind !== "same" && isOther && isChanging) {
    const reason = error.message.slice(0, 4_000);
    await running.journal({ back: { step, reason } });
    move.environment.report.say(`going back to release ${current.version}`);
    return wentBack(move, current, reason).catch((failure: Error) => failure);
  }
  if (step === "prune" || step === "record")
    return new Failure(
      error.message,
      `Release ${move.target.version} runs; what is left to do is in the journal. Type the same command again.`,
    );
  await settleFailed(store, operation.revision);
  await running.journal({ state: "failed" });
  if (!isChanging)
    return new Failure(
      error.message,
      `${current ? `Release ${current.version} runs as before` : "Nothing was installed"}. Mend what is named above, then type the same command again.`,
    );
  return new Failure(
    error.message,
    isOther || kind === "same"
      ? "What stands is left as it is. Mend what is named above, then type the same command again."
      : "There is no release to go back to: what stands is left for you to look at. Mend what is named above, then type the same command again; or remove it all: palisade uninstall",
  );
}
