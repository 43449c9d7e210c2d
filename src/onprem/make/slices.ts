// Make: the files that a bundle is written to: one, or numbered parts of equal size (PF-3). Pure.
import { Failure } from "../../../toolchain/failure";

/** Bytes `start` to `start + size` of a bundle, and the file that gets them. */
export interface Slice {
  path: string;
  start: number;
  size: number;
}

const MOST_PARTS = 999;
const SMALLEST_PART = 1_000_000;
const UNITS: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/**
 * Reads the size of a part, such as `4GB`.
 * @returns bytes
 * @throws Failure unless it is a number with MB, GB, MiB or GiB, and at least 1 MB
 */
export function parseSize(text: string): number {
  const [, number, unit = ""] = /^(\d{1,6}(?:\.\d{1,3})?)\s*(MB|GB|MiB|GiB)$/.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (UNITS[unit] ?? 0));
  if (bytes >= SMALLEST_PART) return bytes;
  throw new Failure(
    `${JSON.stringify(text)} is no size of a part`,
    "Allowed is 1MB or more, in MB, GB, MiB or GiB: `--split 4GB`.",
  );
}

/** Name of a part, from 1. */
export function partName(out: string, part: number): string {
  return `${out}.${String(part).padStart(3, "0")}`;
}

/** @param split bytes of each part but the last; unless given, all goes to `out` */
export function slicesOf(out: string, total: number, split?: number): Slice[] {
  if (split === undefined) return [{ path: out, start: 0, size: total }];
  const count = Math.ceil(total / split);
  if (count > MOST_PARTS)
    throw new Failure(
      `${total} bytes in parts of ${split} would be ${count} parts; allowed are ${MOST_PARTS}`,
      `Make the parts larger: \`--split ${Math.ceil(total / MOST_PARTS / 1e6)}MB\` or more.`,
    );
  return Array.from({ length: count }, (_, at) => ({
    path: partName(out, at + 1),
    start: at * split,
    size: Math.min(split, total - at * split),
  }));
}

/** Which bytes of which slice a range of the bundle is. */
export function* rangesOf(
  slices: readonly Slice[],
  start: number,
  size: number,
): Generator<{ slice: number; at: number; size: number }> {
  for (const [slice, { start: from, size: length }] of slices.entries()) {
    const low = Math.max(start, from);
    const high = Math.min(start + size, from + length);
    if (low < high) yield { slice, at: low - from, size: high - low };
  }
}
