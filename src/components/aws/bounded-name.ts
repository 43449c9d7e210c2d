// AWS components: names that fit AWS's limits and stay recognisable.
import { createHash } from "node:crypto";

/** Characters that Pulumi's autonaming adds to a logical name: a hyphen and seven hexadecimal digits. */
const autonaming = 8;

/** Longest physical names, in characters. */
const limits = { "load-balancer": 32, "target-group": 32, role: 64, bucket: 63, function: 64 } as const;

/** Logical name whose physical name fits the limit of `kind`. */
export function logicalName(name: string, kind: keyof typeof limits): string {
  return boundedName(name, limits[kind] - autonaming);
}

/**
 * `name` if it fits; otherwise its beginning and six digits of its hash, so two long names that begin alike stay apart.
 * @throws Error if `maximum` leaves no room for a hash.
 */
export function boundedName(name: string, maximum: number): string {
  if (maximum < 8) throw new Error(`\`maximum\` is ${maximum}; a bounded name needs at least 8 characters`);
  if (name.length <= maximum) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${name.slice(0, maximum - 7).replace(/-+$/, "")}-${hash}`;
}
