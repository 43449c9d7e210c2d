// Config: rules of the address plan. Sizes, private ranges, containment, overlaps, zones.
import { type Cidr, contains, formatCidr, isPrivate, overlaps, parseCidr, privateRanges } from "./cidr";
import { allowedNames, listNames } from "./faults";
import { type Path, writePath } from "./paths";
import { zonesOf } from "./regions";
import type { Facts, Finding, Rule } from "./rule";

interface Range {
  readonly path: Path;
  readonly cidr: Cidr;
}

function range(path: Path, text: string | undefined): Range[] {
  const cidr = text === undefined ? undefined : parseCidr(text);
  return cidr ? [{ path, cidr }] : [];
}

const vpcOf = ({ sound }: Facts): Range[] => range(["network", "cidr"], sound.network?.cidr);

const subnetsOf = ({ sound }: Facts): Range[] =>
  (sound.network?.zones ?? []).flatMap((zone, i) =>
    (["public", "private", "data"] as const).flatMap(tier => range(["network", "zones", i, tier], zone?.[tier])),
  );

const peersOf = ({ sound }: Facts): Range[] =>
  (sound.network?.peers ?? []).flatMap((peer, i) => range(["network", "peers", i, "cidr"], peer?.cidr));

const zoneNamesOf = ({ sound }: Facts): { path: Path; name: string }[] =>
  (sound.network?.zones ?? []).flatMap((zone, i) =>
    zone?.name === undefined ? [] : [{ path: ["network", "zones", i, "name"], name: zone.name }],
  );

function sizeFindings(ranges: readonly Range[], shortest: number, longest: number): Finding[] {
  return ranges
    .filter(({ cidr }) => cidr.prefix < shortest || cidr.prefix > longest)
    .map(({ path, cidr }) => ({
      at: path,
      found: formatCidr(cidr),
      allowed: `a range of /${shortest} to /${longest}`,
    }));
}

/** Every pair that shares an address, reported at the later one. */
function overlapFindings(earlier: readonly Range[], later: readonly Range[]): Finding[] {
  return later.flatMap((range, i) =>
    (earlier === later ? later.slice(0, i) : earlier)
      .filter(other => overlaps(range.cidr, other.cidr))
      .map(other => ({
        at: range.path,
        found: `${formatCidr(range.cidr)}, which overlaps ${formatCidr(other.cidr)} of ${writePath(other.path)}`,
        allowed: "a range that shares no address with another",
      })),
  );
}

export const networkRules: readonly Rule[] = [
  { id: "vpc-size", control: "SA-2", check: facts => sizeFindings(vpcOf(facts), 16, 24) },
  { id: "subnet-size", control: "SA-2", check: facts => sizeFindings(subnetsOf(facts), 20, 28) },
  {
    id: "private-range",
    control: "SA-2",
    check: facts =>
      [...vpcOf(facts), ...subnetsOf(facts), ...peersOf(facts)]
        .filter(({ cidr }) => !isPrivate(cidr))
        .map(({ path, cidr }) => ({
          at: path,
          found: formatCidr(cidr),
          allowed: `a private range (RFC 1918), inside ${privateRanges.join(", ")}`,
        })),
  },
  {
    id: "subnet-in-vpc",
    control: "SA-2",
    check: facts =>
      vpcOf(facts).flatMap(vpc =>
        subnetsOf(facts)
          .filter(({ cidr }) => !contains(vpc.cidr, cidr))
          .map(({ path, cidr }) => ({
            at: path,
            found: `${formatCidr(cidr)}, outside the VPC`,
            allowed: `a range inside ${formatCidr(vpc.cidr)}`,
          })),
      ),
  },
  {
    id: "subnet-overlap",
    control: "SA-2",
    check: facts => {
      const subnets = subnetsOf(facts);
      return overlapFindings(subnets, subnets);
    },
  },
  {
    id: "peer-overlap",
    control: "SA-2",
    check: facts => {
      const [vpc, peers] = [vpcOf(facts), peersOf(facts)];
      // A subnet inside the VPC's range adds nothing to what the range itself says of a peer.
      const outside = subnetsOf(facts).filter(({ cidr }) => !vpc.some(v => contains(v.cidr, cidr)));
      return [...overlapFindings([...vpc, ...outside], peers), ...overlapFindings(peers, peers)];
    },
  },
  {
    id: "zone-of-region",
    control: "SA-2",
    check: facts => {
      const { region } = facts.sound;
      if (region === undefined) return [];
      const zones = zonesOf(region);
      return zoneNamesOf(facts)
        .filter(({ name }) => !zones.includes(name))
        .map(({ path, name }) => ({
          at: path,
          found: `${JSON.stringify(name)}, an unknown availability zone of ${region}`,
          allowed: allowedNames(zones, name),
        }));
    },
  },
  {
    id: "zone-once",
    control: "SA-2",
    check: facts =>
      zoneNamesOf(facts)
        .filter(({ name }, i, all) => all.findIndex(other => other.name === name) < i)
        .map(({ path, name }) => ({
          at: path,
          found: `${JSON.stringify(name)}, for the second time`,
          allowed: `a zone that no other entry has, among ${listNames(zonesOf(facts.sound.region ?? ""))}`,
        })),
  },
];
