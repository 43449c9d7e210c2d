// Config: IPv4 ranges in CIDR notation. Pure arithmetic, nothing of AWS in it.

export interface Cidr {
  /** First address, as an unsigned 32-bit number. */
  readonly first: number;
  /** Length of the network part in bits, 0 to 32. */
  readonly prefix: number;
}

/** Reads `10.20.0.0/16`. Undefined for anything else, and for a range that does not start at its first address. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const numbers = match.slice(1).map(Number);
  // Leading zeros read as octal in some tools: one spelling per range.
  if (numbers.some((n, i) => String(n) !== match[i + 1])) return undefined;
  const prefix = numbers.pop() ?? 0;
  if (prefix > 32 || numbers.some(n => n > 255)) return undefined;
  const first = numbers.reduce((sum, n) => sum * 256 + n, 0);
  return first % 2 ** (32 - prefix) === 0 ? { first, prefix } : undefined;
}

export function formatCidr({ first, prefix }: Cidr): string {
  return `${[24, 16, 8, 0].map(bits => (first >>> bits) & 255).join(".")}/${prefix}`;
}

/** Last address of the range, as an unsigned 32-bit number. */
export function lastAddress({ first, prefix }: Cidr): number {
  return first + 2 ** (32 - prefix) - 1;
}

/** Whether all of `inner` lies in `outer`; a range contains itself. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return outer.first <= inner.first && lastAddress(inner) <= lastAddress(outer);
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.first <= lastAddress(b) && b.first <= lastAddress(a);
}

/** The private ranges of RFC 1918. */
export const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] as const;

const privateCidrs = privateRanges.flatMap(range => parseCidr(range) ?? []);

export function isPrivate(range: Cidr): boolean {
  return privateCidrs.some(outer => contains(outer, range));
}
