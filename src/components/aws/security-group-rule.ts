// AWS components: one security group rule, with the peer it is for (SA-9).
import * as vpc from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";

/** Who is on the other side. A CIDR is for the internet only; everything inside is a security group or a prefix list. */
export type Peer =
  | { securityGroupId: pulumi.Input<string> }
  | { prefixListId: pulumi.Input<string> }
  | { cidrIpv4: string }
  | { cidrIpv6: string };

export interface RuleArgs {
  /** Group the rule belongs to. */
  securityGroupId: pulumi.Input<string>;
  /** Name of the other side, in lower-case letters, digits and hyphens; it ends up in the description. */
  peerName: string;
  peer: Peer;
  port: number;
  /** Last port of a range that begins with `port`; default only that one. */
  lastPort?: number;
  /** Default `tcp`. */
  protocol?: "tcp" | "udp";
}

/** Lets `peer` in. */
export function ingressRule(name: string, args: RuleArgs, parent: pulumi.Resource): vpc.SecurityGroupIngressRule {
  return new vpc.SecurityGroupIngressRule(name, rule(args, `from ${args.peerName}`), { parent });
}

/** Lets the group's members reach `peer`. */
export function egressRule(name: string, args: RuleArgs, parent: pulumi.Resource): vpc.SecurityGroupEgressRule {
  return new vpc.SecurityGroupEgressRule(name, rule(args, `to ${args.peerName}`), { parent });
}

function rule({ securityGroupId, peer, port, lastPort = port, protocol = "tcp" }: RuleArgs, direction: string) {
  const target = "securityGroupId" in peer ? { referencedSecurityGroupId: peer.securityGroupId } : peer;
  return {
    securityGroupId,
    description: `${protocol.toUpperCase()} ${lastPort === port ? port : `${port}-${lastPort}`} ${direction}`,
    ipProtocol: protocol,
    fromPort: port,
    toPort: lastPort,
    ...target,
  };
}
