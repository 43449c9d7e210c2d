// AWS components: the address plan of a network, as arithmetic on IPv4 blocks.

export interface Zone {
  /** Availability zone, such as `eu-central-1a`. */
  name: string;
  /** IPv4 blocks of the zone's three subnets, /16 to /28, within the VPC's and apart from each other. */
  publicCidr: string;
  privateCidr: string;
  dataCidr: string;
}

/**
 * Checks that the blocks fit together. AWS finds such faults too, but halfway through the deployment.
 * @throws Error naming the first block that is none, lies outside the VPC's, or overlaps another.
 */
export function requireAddressPlan(cidr: string, zones: readonly Zone[]): void {
  const vpc = block("cidr", cidr);
  const subnets = zones.flatMap((zone, i) =>
    (["publicCidr", "privateCidr", "dataCidr"] as const).map(tier => block(`zones[${i}].${tier}`, zone[tier])),
  );
  for (const [i, subnet] of subnets.entries()) {
    if (subnet.first < vpc.first || subnet.last > vpc.last)
      throw new Error(`\`${subnet.argument}\` is \`${subnet.cidr}\`; allowed are blocks within \`cidr\` \`${cidr}\``);
    const other = subnets.slice(0, i).find(earlier => subnet.first <= earlier.last && earlier.first <= subnet.last);
    if (other)
      throw new Error(
        `\`${subnet.argument}\` is \`${subnet.cidr}\` and overlaps \`${other.argument}\` \`${other.cidr}\`; allowed are separate blocks`,
      );
  }
}

interface Block {
  argument: string;
  cidr: string;
  first: number;
  last: number;
}

function block(argument: string, cidr: string): Block {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr)?.slice(1).map(Number) ?? [];
  const [a = 256, b = 256, c = 256, d = 256, prefix = 0] = parts;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - prefix);
  if (Math.max(a, b, c, d) > 255 || prefix < 16 || prefix > 28 || first % size !== 0)
    throw new Error(
      `\`${argument}\` is \`${cidr}\`; allowed is an IPv4 block of /16 to /28 without host bits, such as \`10.20.0.0/16\``,
    );
  return { argument, cidr, first, last: first + size - 1 };
}
