// Workload model: addresses outside the home that a machine may call, where a host name alone cannot be held to (CP-7).
import { z } from "zod";
import { type IpRange, overlap, parseRange } from "./ip-range";

/** Widest ranges an allowlist may name: wider ones say nothing of who is there. */
const widest = { 4: 12, 6: 28 } as const;

/** What is not the internet: private, shared, loopback, link-local, documentation, multicast, reserved. */
export const privateRanges: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
];
const inside = privateRanges.flatMap(text => parseRange(text) ?? []);

/** All addresses of IPv6 that anybody on the internet has lie here; what is documentation does not. */
const global6 = parseRange("2000::/3");
const documentation6 = parseRange("2001:db8::/32");

export const egressRange = z.strictObject({
  /** IPv4 or IPv6 range on the internet, TCP 443 (CP-7). */
  cidr: z.string().superRefine((text, context) => {
    const fault = rangeFault(text);
    if (fault) context.addIssue({ code: "custom", message: fault });
  }),
  /** Who is there; the rule carries this name (CP-7). */
  description: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 .-]{0,38}[A-Za-z0-9]$/, "a short name of who is there, such as `Telegram`"),
});
export type EgressRange = z.infer<typeof egressRange>;

export function isIpv6Range({ cidr }: Pick<EgressRange, "cidr">): boolean {
  return cidr.includes(":");
}

function rangeFault(text: string): string | undefined {
  const range = parseRange(text);
  if (!range)
    return `\`${text}\` is no range; allowed is an IPv4 or IPv6 range from its first address on, in its shortest spelling, such as \`149.154.160.0/20\` or \`2001:67c:4e8::/48\``;
  const least = widest[range.family];
  if (range.prefix < least)
    return `\`${text}\` is wider than an allowlist may be; allowed are /${widest[4]} and narrower in IPv4, /${widest[6]} and narrower in IPv6 (CP-7)`;
  if (!outside(range))
    return `\`${text}\` is not on the internet; hops inside are named in \`callers\` and \`clients\``;
  return undefined;
}

function outside(range: IpRange): boolean {
  if (range.family === 4) return !inside.some(own => overlap(own, range));
  const held = global6 !== undefined && global6.first <= range.first && range.last <= global6.last;
  return held && !(documentation6 && overlap(documentation6, range));
}

/** Whether a service calls anything outside the home; a machine fetches the packages of its operating system. */
export function leavesHome({ network, machine }: LeavingService): boolean {
  return network.egress.length > 0 || network.egressRanges.length > 0 || machine !== undefined;
}

interface LeavingService {
  network: { egress: readonly unknown[]; egressRanges: readonly unknown[] };
  machine?: unknown;
}
