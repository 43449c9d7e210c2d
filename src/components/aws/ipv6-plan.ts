// AWS components: the /64 blocks of a network's subnets, within the /56 that Amazon gives its VPC (CP-7).
import { isIPv6 } from "node:net";

/**
 * @param vpcBlock such as `2a05:d014:abc:de00::/56`.
 * @param index 0 to 255.
 * @throws Error if the block is no /56, or has no such subnet.
 */
export function ipv6Subnet(vpcBlock: string, index: number): string {
  const [address = "", length] = vpcBlock.split("/");
  const groups = (address.split("::")[0] ?? "").split(":");
  const fourth = Number.parseInt(groups[3] ?? "0", 16);
  if (!isIPv6(address) || length !== "56" || groups.length > 4 || fourth % 256 !== 0)
    throw new Error(`\`vpcBlock\` is \`${vpcBlock}\`; allowed is an IPv6 block of /56, as Amazon provides it`);
  if (!Number.isInteger(index) || index < 0 || index > 255)
    throw new Error(`\`index\` is ${index}; a /56 has the subnets 0 to 255`);
  const [a, b = "0", c = "0"] = groups;
  // In the shortest spelling, which is AWS's.
  return `${a}:${b}:${c}:${(fourth + index).toString(16)}::/64`.replace(/(:0)+::\//, "::/");
}
