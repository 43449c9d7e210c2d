// CLI: progress over a known number of bytes. One moving line on a terminal, plain lines elsewhere.

const MOVING_MS = 250;
const PLAIN_MS = 30_000;

export interface ByteProgress {
  /** Bytes so far, and in all. */
  at(bytes: number, total: number): void;
  /** Leaves no half line behind; to be called whichever way it ended. */
  end(): void;
}

/**
 * Shows how far something has come; writes to standard error, which leaves --json output clean.
 *
 * @param title what is under way, such as `verifying bundle.tar`
 */
export function byteProgress(
  title: string,
  out: Pick<NodeJS.WriteStream, "write" | "isTTY"> = process.stderr,
  now: () => number = () => performance.now(),
): ByteProgress {
  const moving = out.isTTY === true;
  const started = now();
  let shownAt = started;
  let drawn = false;
  return {
    at: (bytes, total) => {
      const time = now();
      if (time - shownAt < (moving ? MOVING_MS : PLAIN_MS)) return;
      shownAt = time;
      const text = line(title, bytes, total, (time - started) / 1000);
      out.write(moving ? `\r\u001b[K  … ${text}` : `  … ${text}\n`);
      drawn = moving;
    },
    end: () => {
      if (drawn) out.write("\r\u001b[K");
      drawn = false;
    },
  };
}

function line(title: string, bytes: number, total: number, seconds: number): string {
  const rate = bytes / seconds;
  const left = rate > 0 ? `, ${Math.ceil((total - bytes) / rate)} s left` : "";
  const share = total > 0 ? Math.floor((bytes / total) * 100) : 0;
  return `${title}: ${share} % of ${inBytes(total)}, ${inBytes(rate)}/s${left}`;
}

/** Bytes as a person reads them, such as `1.4 GB`; powers of ten. */
export function inBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const unit = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}
