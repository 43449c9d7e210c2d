// Workload model: ranges of IPv4 and IPv6 addresses, as arithmetic. Pure.
import { isIPv4, isIPv6 } from "node:net";

export interface IpRange {
  family: 4 | 6;
  prefix: number;
  /** First and last address, as numbers. */
  first: bigint;
  last: bigint;
}

/**
 * Reads `149.154.160.0/20` or `2001:67c:4e8::/48`. Undefined for anything else, for a range that does not start at its
 * first address, and for a spelling that AWS would give back in another one.
 */
export function parseRange(text: string): IpRange | undefined {
  const [, address = "", length = ""] = /^([0-9a-f.:]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const family = isIPv4(address) ? 4 : isIPv6(address) ? 6 : undefined;
  if (!family || (family === 6 && new URL(`http://[${address}]`).hostname !== `[${address}]`)) return undefined;
  const bits = family === 4 ? 32 : 128;
  const prefix = Number(length);
  if (prefix > bits) return undefined;
  const first = family === 4 ? number(address.split("."), 10, 8n) : number(groups(address), 16, 16n);
  const size = 1n << BigInt(bits - prefix);
  return first % size === 0n ? { family, prefix, first, last: first + size - 1n } : undefined;
}

export function overlap(a: IpRange, b: IpRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** The eight groups of an IPv6 address, `::` filled in. */
function groups(address: string): string[] {
  const [left = "", right] = address.split("::");
  const before = left === "" ? [] : left.split(":");
  if (right === undefined) return before;
  const after = right === "" ? [] : right.split(":");
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => "0"), ...after];
}

function number(parts: readonly string[], radix: number, bits: bigint): bigint {
  return parts.reduce((sum, part) => (sum << bits) + BigInt(Number.parseInt(part, radix)), 0n);
}
