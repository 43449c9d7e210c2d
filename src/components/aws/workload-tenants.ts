// AWS components: what each tenant of a workload has of its own: a key, and log groups encrypted with it (SP-9). Quotas are the edge's.
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as kms from "@pulumi/aws/kms";
import * as pulumi from "@pulumi/pulumi";
import type { Workload } from "../../workload/workload";
import { type Account, administration } from "./keys";
import { type LogDestinations, LogStream } from "./log-stream";
import type { ServiceContributor, ServiceParts } from "./service-parts";
import { policyJson } from "./statements";
import { type TenantLog, tenantLogPrefix } from "./tenant-logs";

export interface WorkloadTenantsArgs extends Account {
  environment: string;
  /** Name of the workload. */
  workload: string;
  tenancy: NonNullable<Workload["tenancy"]>;
  /** Ids of the tenants, as the header carries them; at least one. */
  tenants: string[];
  /** Days a deleted key can still be called back, 7 to 30. */
  keyDeletionDays: number;
  /** Least number of days that the log groups keep their events (RT-23). */
  logDays: number;
  /** Where each log goes besides; a tenant has a group for every log named here. */
  sinks: Partial<Record<TenantLog, LogDestinations>>;
}

/** @throws Error if there is no tenant, or the keys are more than one policy can name. */
export class WorkloadTenants extends pulumi.ComponentResource implements ServiceContributor {
  private readonly keyArns: pulumi.Output<string>[];

  constructor(
    private readonly component: string,
    private readonly args: WorkloadTenantsArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    requireTenants(args.tenants);
    super("palisade:aws:WorkloadTenants", component, {}, options);
    this.keyArns = args.tenants.map(tenant => this.tenant(tenant));
    this.registerOutputs({ keyArns: this.keyArns });
  }

  /** Every service of the workload may use the keys, though each only in its tenant's name, and is told how to find them. */
  partsFor(): ServiceParts {
    const { environment, workload, tenancy, tenants } = this.args;
    return {
      statements: [
        {
          Effect: "Allow",
          Action: ["kms:GenerateDataKey", "kms:Decrypt"],
          Resource: this.keyArns,
          // Which tenant's name it must be, each key's own policy says.
          Condition: { Null: { [contextKey(tenancy.claim)]: "false" } },
        },
      ],
      environment: {
        TENANTS: tenants.join(","),
        TENANT_CLAIM: tenancy.claim,
        TENANT_HEADER: tenancy.header,
        TENANT_KEY_ALIAS_PREFIX: `alias/${keyAlias(environment, workload)}/`,
      },
    };
  }

  private tenant(tenant: string): pulumi.Output<string> {
    const { environment, workload, tenancy, keyDeletionDays, logDays, sinks } = this.args;
    const name = `${this.component}-${tenant}`;
    const groups = `${tenantLogPrefix(environment, workload)}/${tenant}`;
    const key = new kms.Key(
      name,
      {
        description: `Palisade ${environment}: tenant ${tenant} of ${workload}`,
        policy: policyJson([
          administration(this.args),
          inNameOf(tenancy.claim, tenant),
          logGroupsBelow(groups, this.args),
        ]),
        enableKeyRotation: true,
        deletionWindowInDays: keyDeletionDays,
      },
      { parent: this },
    );
    new kms.Alias(
      name,
      { name: `alias/${keyAlias(environment, workload)}/${tenant}`, targetKeyId: key.keyId },
      { parent: this },
    );
    for (const [log, sink] of Object.entries(sinks))
      new LogStream(
        `${name}-${log}`,
        { logGroupName: `${groups}/${log}`, retentionDays: logDays, keyArn: key.arn, sink },
        { parent: this },
      );
    return key.arn;
  }
}

function keyAlias(environment: string, workload: string): string {
  return `palisade/${environment}/${workload}`;
}

function contextKey(claim: string): string {
  return `kms:EncryptionContext:${claim}`;
}

/** Whoever in the account uses the key says for which tenant; without, or for another, nobody can. */
function inNameOf(claim: string, tenant: string): PolicyStatement {
  return {
    Sid: "InTheTenantsNameOnly",
    Effect: "Deny",
    Principal: "*",
    Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
    Resource: "*",
    Condition: {
      StringNotEquals: { [contextKey(claim)]: tenant },
      // CloudWatch Logs has an encryption context of its own; the next statement holds it to the tenant's groups.
      Bool: { "aws:PrincipalIsAWSService": "false" },
    },
  };
}

/** CloudWatch Logs encrypts as itself, and with this key only the groups of this tenant. */
function logGroupsBelow(groups: string, { accountId, region }: Account): PolicyStatement {
  return {
    Sid: "LogGroupsOfTheTenant",
    Effect: "Allow",
    Principal: { Service: `logs.${region}.amazonaws.com` },
    Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
    Resource: "*",
    Condition: {
      ArnLike: {
        "kms:EncryptionContext:aws:logs:arn": pulumi.interpolate`arn:aws:logs:${region}:${accountId}:log-group:${groups}/*`,
      },
    },
  };
}

/** Ninety ARNs of keys leave room for the rest of what a service may do: all inline policies of a role hold 10,240 characters. */
const mostTenants = 90;

function requireTenants(tenants: readonly string[]): void {
  if (tenants.length === 0 || tenants.length > mostTenants)
    throw new Error(
      `\`tenants\` has ${tenants.length}; allowed are 1 to ${mostTenants}, as many keys as one role's policy can name`,
    );
}
