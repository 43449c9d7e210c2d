// Toolchain: progress on whatever takes more than two seconds. One moving line on a terminal, plain lines elsewhere.

export interface Step {
  done(note?: string): void;
  /** Not done, and that is no failure. */
  skipped(reason: string): void;
  failed(): void;
}

/** Reports what is going on; the default, `step`, writes progress to standard error. */
export type Report = typeof step;

const TICK_MS = 1000;
const PLAIN_TICK_MS = 30_000;

/** Shows a step under way, with the seconds it has taken; writes to standard error, which leaves --json output clean. */
export function step(title: string, out: NodeJS.WriteStream = process.stderr): Step {
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const moving = out.isTTY === true;
  if (moving) out.write(`  … ${title}`);
  else out.write(`  … ${title}\n`);
  const timer = setInterval(
    () => out.write(moving ? `\r  … ${title} (${seconds()})` : `  … ${title}: still at it after ${seconds()}\n`),
    moving ? TICK_MS : PLAIN_TICK_MS,
  );
  timer.unref();
  const finish = (mark: string, note: string) => {
    clearInterval(timer);
    out.write(`${moving ? "\r\u001b[K" : ""}  ${mark} ${title}${note}\n`);
  };
  return {
    done: note => finish("✓", ` (${note ? `${note}, ` : ""}${seconds()})`),
    skipped: reason => finish("–", `: ${reason}`),
    failed: () => finish("✗", ` (after ${seconds()})`),
  };
}

/** Shows a step for as long as its work takes: done when it has ended, failed when it has thrown. */
export async function during<T>(title: string, work: () => Promise<T>, report: Report = step): Promise<T> {
  const doing = report(title);
  try {
    const result = await work();
    doing.done();
    return result;
  } catch (error) {
    doing.failed();
    throw error;
  }
}
