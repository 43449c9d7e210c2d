// Installer's commands: how far the reading of a bundle is, where it can be ended, as a large one takes minutes; and what else takes long
// in a command without a plan.
import { Failure } from "../../../toolchain/failure";
import type { StepId } from "../install/plan";
import { type Output, type Report, textReport } from "../install/report";

/**
 * @param tell one line that the next one replaces
 * @param cancelled ends the reading at its next piece, by a Failure
 */
export function readProgress(
  tell: (text: string) => void,
  cancelled: AbortSignal,
): (bytes: number, total: number) => void {
  return (bytes, total) => {
    if (cancelled.aborted) throw new Failure("interrupted", "Nothing was changed. Type the same command again.");
    tell(`${Math.floor((100 * bytes) / Math.max(1, total))} %`);
  };
}

/**
 * Shows the reading of a bundle as the installer's steps are shown.
 * @param out where there is nothing for programs to read
 */
export async function reading<Result>(
  out: Output,
  cancelled: AbortSignal,
  read: (progress: (bytes: number, total: number) => void) => Promise<Result>,
): Promise<Result> {
  return inSight(out, "verify", "verify the bundle", report => read(readProgress(report.progress, cancelled)));
}

/** Shows work as one of the installer's steps, for a command that has no plan. */
export async function inSight<Result>(
  out: Output,
  id: StepId,
  title: string,
  work: (report: Report) => Promise<Result>,
): Promise<Result> {
  const report = textReport(out);
  report.begins(id, title);
  try {
    const result = await work(report);
    report.done(id, "");
    return result;
  } finally {
    report.close();
  }
}
