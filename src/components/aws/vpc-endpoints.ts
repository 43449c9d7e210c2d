// AWS components: VPC endpoints. AWS services are reached without the internet, by named clients, and only what belongs to trusted accounts (SP-13, SA-9).
import * as ec2 from "@pulumi/aws/ec2";
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { ingressRule } from "./security-group-rule";
import { policyJson } from "./statements";

/**
 * Interface endpoints without which Fargate starts no task where there is no way to the internet: image, log driver,
 * secrets. Image layers come from S3, whose gateway endpoint is always there. Add what the workloads themselves call,
 * such as `kms`, `sts` or `monitoring`; `ssmmessages` for ECS Exec.
 */
export const fargateServices = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"] as const;

export interface VpcEndpointsArgs {
  vpcId: pulumi.Input<string>;
  /** Account whose identities may pass, and whose resources they may reach. */
  accountId: pulumi.Input<string>;
  region: string;
  /** Subnets the interface endpoints have an address in, one per zone. */
  subnetIds: readonly pulumi.Input<string>[];
  /** Route tables that lead to S3 by way of the gateway endpoint. */
  routeTableIds: readonly pulumi.Input<string>[];
  /** Services with an interface endpoint, as in `com.amazonaws.<region>.<service>`; default `fargateServices`. */
  services?: readonly string[];
  /** Whether DynamoDB has its gateway endpoint; default false. */
  dynamodb?: boolean;
  /** Security groups that may call the endpoints, by a name for each; more with `admit`. */
  clients?: Record<string, pulumi.Input<string>>;
  /** Accounts besides `accountId` whose resources may be reached, such as that of a shared image registry (RT-10). */
  trustedAccountIds?: readonly pulumi.Input<string>[];
  /** Tags besides the default tags of the provider. */
  tags?: Record<string, pulumi.Input<string>>;
}

/** @throws Error if a service is named twice or not as AWS names it, or there is no subnet. */
export class VpcEndpoints extends pulumi.ComponentResource {
  /** Security group of the interface endpoints: the peer of its clients' egress rules, TCP 443. */
  readonly securityGroupId: pulumi.Output<string>;
  /** Prefix list of S3: the peer of egress rules to it, TCP 443. */
  readonly s3PrefixListId: pulumi.Output<string>;
  /** Prefix list of DynamoDB, if it has an endpoint. */
  readonly dynamodbPrefixListId?: pulumi.Output<string>;

  private readonly name: string;

  constructor(name: string, args: VpcEndpointsArgs, options?: pulumi.ComponentResourceOptions) {
    const services = args.services ?? fargateServices;
    requireServices(services);
    if (args.subnetIds.length === 0) throw new Error("`subnetIds` is empty; allowed is one subnet or more");
    super("palisade:aws:VpcEndpoints", name, {}, options);
    const { vpcId, region, tags } = args;
    const own = perimeter(args);

    const s3 = this.gateway(`${name}-s3`, "s3", args, [own, imageLayers(region)]);
    const dynamodb = args.dynamodb ? [this.gateway(`${name}-dynamodb`, "dynamodb", args, [own])] : [];
    // No egress rule: endpoints answer, they do not call.
    const securityGroup = new ec2.SecurityGroup(
      name,
      { vpcId, description: "Interface endpoints of AWS services", tags: { ...tags, Name: name } },
      { parent: this },
    );
    for (const service of services) {
      const child = `${name}-${service.replaceAll(".", "-")}`;
      new ec2.VpcEndpoint(
        child,
        {
          vpcId,
          vpcEndpointType: "Interface",
          serviceName: `com.amazonaws.${region}.${service}`,
          subnetIds: [...args.subnetIds],
          securityGroupIds: [securityGroup.id],
          privateDnsEnabled: true,
          policy: policyJson([own]),
          tags: { ...tags, Name: child },
        },
        { parent: this },
      );
    }

    this.name = name;
    this.securityGroupId = securityGroup.id;
    this.s3PrefixListId = s3.prefixListId;
    this.dynamodbPrefixListId = dynamodb[0]?.prefixListId;
    for (const [client, securityGroupId] of Object.entries(args.clients ?? {})) this.admit(client, securityGroupId);
    this.registerOutputs({ securityGroupId: this.securityGroupId, s3PrefixListId: this.s3PrefixListId });
  }

  private gateway(name: string, service: string, args: VpcEndpointsArgs, statements: PolicyStatement[]) {
    return new ec2.VpcEndpoint(
      name,
      {
        vpcId: args.vpcId,
        vpcEndpointType: "Gateway",
        serviceName: `com.amazonaws.${args.region}.${service}`,
        routeTableIds: [...args.routeTableIds],
        policy: policyJson(statements),
        tags: { ...args.tags, Name: name },
      },
      { parent: this },
    );
  }

  /**
   * Lets the members of a security group call the interface endpoints. Their own egress rule is theirs to add.
   * @param client Name of the caller, in lower-case letters, digits and hyphens.
   */
  admit(client: string, securityGroupId: pulumi.Input<string>): void {
    ingressRule(
      `${this.name}-from-${client}`,
      { securityGroupId: this.securityGroupId, peerName: client, peer: { securityGroupId }, port: 443 },
      this,
    );
  }
}

/**
 * An outer bound, which grants nothing: neither foreign credentials brought into the VPC nor resources of a foreign
 * account can carry data out. What an identity may do within it, its own policy says.
 */
function perimeter({ accountId, trustedAccountIds }: VpcEndpointsArgs): PolicyStatement {
  return {
    Sid: "OwnIdentitiesOnTrustedResources",
    Effect: "Allow",
    Principal: "*",
    Action: "*",
    Resource: "*",
    Condition: {
      StringEquals: {
        "aws:PrincipalAccount": accountId,
        "aws:ResourceAccount": [accountId, ...(trustedAccountIds ?? [])],
      },
    },
  };
}

/** ECR hands out image layers from a bucket of its own, by presigned URL: neither identity nor bucket is the account's. */
function imageLayers(region: string): PolicyStatement {
  return {
    Sid: "ImageLayersOfEcr",
    Effect: "Allow",
    Principal: "*",
    Action: "s3:GetObject",
    Resource: `arn:aws:s3:::prod-${region}-starport-layer-bucket/*`,
  };
}

function requireServices(services: readonly string[]): void {
  for (const [i, service] of services.entries()) {
    if (service === "s3" || !/^[a-z0-9]+([.-][a-z0-9]+)*$/.test(service))
      throw new Error(
        `\`services\` has \`${service}\`; allowed are names after \`com.amazonaws.<region>.\`, such as \`ecr.api\`, but not \`s3\`, which always has an endpoint`,
      );
    if (services.indexOf(service) < i) throw new Error(`\`services\` has \`${service}\` twice; allowed is once`);
  }
}
