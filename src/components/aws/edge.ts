// AWS components: the edge, the only place the internet reaches. TLS, firewall, and a 404 for whatever no service claims (SA-6, SA-12, SP-12).
import * as ec2 from "@pulumi/aws/ec2";
import * as lb from "@pulumi/aws/lb";
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import { logicalName } from "./bounded-name";
import { EdgeCertificate } from "./edge-certificate";
import { EdgeFirewall, type EdgeFirewallArgs } from "./edge-firewall";
import { egressRule, ingressRule } from "./security-group-rule";

export interface EdgeArgs {
  vpcId: pulumi.Input<string>;
  /** Public subnets in at least two zones (SA-2). */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** Names the edge answers to. With a zone, each becomes an alias record in it. */
  hostNames: string[];
  /** Certificate that carries the names; left out: one is made in `hostedZoneId`. */
  certificateArn?: pulumi.Input<string>;
  /** Public hosted zone of the names; needed unless `certificateArn` is given. */
  hostedZoneId?: pulumi.Input<string>;
  /** Wait until ACM has seen the certificate's records; default true. False where nobody resolves the zone. */
  validateCertificate?: boolean;
  /** Lowest TLS version (SA-6, SP-5); default `1.2`. */
  minimumTls?: keyof typeof tlsPolicies;
  /** Answer on port 80 as well, with a redirect to HTTPS; default false: the edge listens on 443 only (SP-12). */
  redirectHttp?: boolean;
  /** Answer over IPv6 as well; the subnets need IPv6 addresses. Default false. */
  ipv6?: boolean;
  /** Seconds an idle connection is kept, 1 to 4000; above the slowest answer. Default 60. */
  idleTimeoutSeconds?: number;
  deletionProtection: boolean;
  /** Name of the bucket for access logs; its policy must admit the load balancer before this is made. */
  accessLogBucket: pulumi.Input<string>;
  /** Prefix of the access logs, without a slash at its end; default none. */
  accessLogPrefix?: string;
  firewall: Omit<EdgeFirewallArgs, "loadBalancerArn">;
}

/** TLS policies of the load balancer by the lowest version they accept. */
const tlsPolicies = {
  "1.2": "ELBSecurityPolicy-TLS13-1-2-2021-06",
  "1.3": "ELBSecurityPolicy-TLS13-1-3-2021-06",
} as const;

/** @throws Error if there is neither a certificate nor a zone to make one in. */
export class Edge extends pulumi.ComponentResource {
  readonly securityGroupId: pulumi.Output<string>;
  /** HTTPS listener that routes attach to. */
  readonly listenerArn: pulumi.Output<string>;
  readonly loadBalancerArn: pulumi.Output<string>;
  /** As CloudWatch's dimension `LoadBalancer` has it. */
  readonly loadBalancerArnSuffix: pulumi.Output<string>;
  readonly dnsName: pulumi.Output<string>;

  constructor(
    private readonly component: string,
    args: EdgeArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:Edge", component, {}, options);
    const ipv6 = args.ipv6 ?? false;
    const certificateArn = args.certificateArn ?? this.certificate(args);

    const group = new ec2.SecurityGroup(
      component,
      { vpcId: args.vpcId, description: `Edge ${component}` },
      { parent: this },
    );
    this.securityGroupId = group.id;
    this.openToInternet(ipv6, args.redirectHttp ? [443, 80] : [443]);
    const balancer = this.loadBalancer(args, ipv6);
    if (args.redirectHttp) this.redirect(balancer);
    const listener = this.listener(balancer, certificateArn, args.minimumTls ?? "1.2");
    new EdgeFirewall(component, { ...args.firewall, loadBalancerArn: balancer.arn }, { parent: this });
    if (args.hostedZoneId) this.aliases(args.hostNames, args.hostedZoneId, balancer, ipv6);

    this.listenerArn = listener.arn;
    this.loadBalancerArn = balancer.arn;
    this.loadBalancerArnSuffix = balancer.arnSuffix;
    this.dnsName = balancer.dnsName;
    this.registerOutputs({
      securityGroupId: this.securityGroupId,
      listenerArn: this.listenerArn,
      loadBalancerArn: this.loadBalancerArn,
      dnsName: this.dnsName,
    });
  }

  /** Lets the edge reach one service (SA-9). The service's own group must let it in. */
  allowTo(targetName: string, securityGroupId: pulumi.Input<string>, port: number): void {
    egressRule(
      `${this.component}-to-${targetName}-${port}`,
      { securityGroupId: this.securityGroupId, peerName: targetName, peer: { securityGroupId }, port },
      this,
    );
  }

  private certificate({ hostNames, hostedZoneId, validateCertificate }: EdgeArgs): pulumi.Output<string> {
    if (!hostedZoneId)
      throw new Error("`certificateArn` and `hostedZoneId` are both missing; the edge needs one of them");
    return new EdgeCertificate(
      this.component,
      { hostNames, hostedZoneId, validate: validateCertificate },
      { parent: this },
    ).arn;
  }

  /** The only rules of the platform that let the internet in. */
  private openToInternet(ipv6: boolean, ports: number[]): void {
    for (const port of ports) {
      const open = (family: string, peer: { cidrIpv4: string } | { cidrIpv6: string }) =>
        ingressRule(
          `${this.component}-from-internet-${family}-${port}`,
          { securityGroupId: this.securityGroupId, peerName: `internet, ${family}`, peer, port },
          this,
        );
      open("ipv4", { cidrIpv4: "0.0.0.0/0" });
      if (ipv6) open("ipv6", { cidrIpv6: "::/0" });
    }
  }

  private loadBalancer(args: EdgeArgs, ipv6: boolean): lb.LoadBalancer {
    return new lb.LoadBalancer(
      logicalName(this.component, "load-balancer"),
      {
        loadBalancerType: "application",
        internal: false,
        ipAddressType: ipv6 ? "dualstack" : "ipv4",
        subnets: args.subnetIds,
        securityGroups: [this.securityGroupId],
        dropInvalidHeaderFields: true,
        // Requests that two parsers could read in two ways are refused (request smuggling).
        desyncMitigationMode: "strictest",
        idleTimeout: args.idleTimeoutSeconds ?? 60,
        // Without the firewall nothing passes.
        enableWafFailOpen: false,
        enableDeletionProtection: args.deletionProtection,
        accessLogs: {
          enabled: true,
          bucket: args.accessLogBucket,
          ...(args.accessLogPrefix && { prefix: args.accessLogPrefix }),
        },
      },
      { parent: this },
    );
  }

  private redirect(balancer: lb.LoadBalancer): void {
    new lb.Listener(
      `${this.component}-http`,
      {
        loadBalancerArn: balancer.arn,
        port: 80,
        protocol: "HTTP",
        defaultActions: [{ type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } }],
      },
      { parent: this },
    );
  }

  private listener(
    balancer: lb.LoadBalancer,
    certificateArn: pulumi.Input<string>,
    minimumTls: keyof typeof tlsPolicies,
  ): lb.Listener {
    return new lb.Listener(
      `${this.component}-https`,
      {
        loadBalancerArn: balancer.arn,
        port: 443,
        protocol: "HTTPS",
        sslPolicy: tlsPolicies[minimumTls],
        certificateArn,
        // Browsers stay on HTTPS for two years.
        routingHttpResponseStrictTransportSecurityHeaderValue: "max-age=63072000",
        routingHttpResponseServerEnabled: false,
        defaultActions: [
          {
            type: "fixed-response",
            fixedResponse: { statusCode: "404", contentType: "text/plain", messageBody: "Not found" },
          },
        ],
      },
      { parent: this },
    );
  }

  private aliases(hostNames: string[], zoneId: pulumi.Input<string>, balancer: lb.LoadBalancer, ipv6: boolean): void {
    for (const hostName of hostNames)
      for (const type of ipv6 ? ["A", "AAAA"] : ["A"])
        new route53.Record(
          `${this.component}-${hostName}-${type.toLowerCase()}`,
          {
            zoneId,
            name: hostName,
            type,
            aliases: [{ name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: true }],
          },
          { parent: this },
        );
  }
}
