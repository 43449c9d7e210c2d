// AWS components: the leases of one workload. Of a service's replicas the one that holds its lease works, the others wait for it (RT-30).
import * as dynamodb from "@pulumi/aws/dynamodb";
import * as pulumi from "@pulumi/pulumi";
import type { Service, Workload } from "../../workload/workload";
import type { ServiceContributor, ServiceParts } from "./service-parts";
import { keyUse } from "./statements";

export interface WorkloadLeaseArgs {
  workload: Workload;
  region: string;
  /** Key of data class `customer` (SA-7). */
  keyArn: pulumi.Input<string>;
  /** Prefix list of DynamoDB's gateway endpoint: whom the services reach. Needed if a service has a lease. */
  dynamodbPrefixListId?: pulumi.Input<string>;
  /** May be thrown away with all it holds: dev only. */
  disposable: boolean;
}

/** Name of the table's only key. */
const leaseKeyAttribute = "LeaseKey";

/** A replica that has not renewed its lease for so long has lost it (RT-30). */
export const leaseSeconds = 15;

export class WorkloadLease extends pulumi.ComponentResource implements ServiceContributor {
  private readonly args: WorkloadLeaseArgs;
  private readonly table?: dynamodb.Table;

  /** @throws Error if a service has a lease and there is no way to DynamoDB. */
  constructor(name: string, args: WorkloadLeaseArgs, options?: pulumi.ComponentResourceOptions) {
    const leased = Object.values(args.workload.services).some(hasLease);
    if (leased && args.dynamodbPrefixListId === undefined)
      throw new Error(
        "`dynamodbPrefixListId` is missing; services with a lease reach DynamoDB by its gateway endpoint",
      );
    super("palisade:aws:WorkloadLease", name, {}, options);
    this.args = args;
    if (leased)
      this.table = new dynamodb.Table(
        `${name}-lease`,
        {
          hashKey: leaseKeyAttribute,
          attributes: [{ name: leaseKeyAttribute, type: "S" }],
          billingMode: "PAY_PER_REQUEST",
          serverSideEncryption: { enabled: true, kmsKeyArn: args.keyArn },
          pointInTimeRecovery: { enabled: true },
          // Tidies up after services that are no more; who holds a lease is decided by `expiresAt` alone.
          ttl: { enabled: true, attributeName: "removeAt" },
          deletionProtectionEnabled: !args.disposable,
        },
        { parent: this },
      );
    this.registerOutputs({ table: this.table?.name });
  }

  partsFor(serviceName: string): ServiceParts {
    const { workload, region, keyArn, dynamodbPrefixListId } = this.args;
    const service = workload.services[serviceName];
    if (!this.table || !service || !hasLease(service) || dynamodbPrefixListId === undefined) return {};
    return {
      environment: { LEASE_TABLE: this.table.name, LEASE_KEY: serviceName, LEASE_SECONDS: String(leaseSeconds) },
      statements: [
        {
          Effect: "Allow",
          Action: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
          Resource: this.table.arn,
          // Its own lease and no other; `Null` because a request without a key would match the first condition.
          Condition: {
            "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [serviceName] },
            Null: { "dynamodb:LeadingKeys": "false" },
          },
        },
        keyUse(keyArn, "dynamodb", region, ["Decrypt"]),
      ],
      peers: [{ name: "dynamodb", peer: { prefixListId: dynamodbPrefixListId }, port: 443 }],
    };
  }
}

/** Whether the replicas of a service take turns. */
export function hasLease({ scaling }: Service): boolean {
  return scaling.mode === "active-passive";
}
