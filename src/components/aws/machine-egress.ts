// AWS components: where a machine may go outside AWS: the ranges of its specification and the archives of its operating system (CP-7). Pure.
import type { Egress } from "../../workload/egress";
import { isIpv6Range } from "../../workload/egress-range";
import type { Service } from "../../workload/workload";
import { machineBases } from "./machine-base";
import type { Peer } from "./security-group-rule";

export interface OutsidePeer {
  /** Of the rule: lower-case letters, digits and hyphens. */
  name: string;
  peer: Peer;
  port: number;
}

/** One rule for each range; those of IPv6 where the machine has an address of that family. */
export function machinePeers({ machine, network }: Service, ipv6: boolean): OutsidePeer[] {
  const base = machine && machineBases[machine.operatingSystem];
  return [
    ...network.egressRanges.map(({ cidr, description }) => peer(description, cidr, 443)),
    ...(base ? base.ranges.map(cidr => peer("ubuntu-archive", cidr, base.port)) : []),
  ].filter(({ peer }) => ipv6 || !("cidrIpv6" in peer));
}

/** Names of the archives of its operating system, which a machine must be able to resolve. */
export function machineHosts({ machine }: Pick<Service, "machine">): Egress {
  return { open: false, hosts: machine ? [...machineBases[machine.operatingSystem].hosts] : [] };
}

function peer(description: string, cidr: string, port: number): OutsidePeer {
  return {
    name: slug(`${description} ${cidr}`),
    peer: isIpv6Range({ cidr }) ? { cidrIpv6: cidr } : { cidrIpv4: cidr },
    port,
  };
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
