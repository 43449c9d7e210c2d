// AWS components: a managed PostgreSQL. Private, encrypted, TLS only, reached by named peers with IAM tokens (SA-4, SA-6, SA-7, SA-9).
import * as ec2 from "@pulumi/aws/ec2";
import * as rds from "@pulumi/aws/rds";
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId";
import type { Workload } from "../../workload/workload";
import { boundedName } from "./bounded-name";
import { type LogDestinations, LogStream } from "./log-stream";
import { type PostgresParameter, withEnforced } from "./postgres-parameters";
import { ingressRule } from "./security-group-rule";

type Postgres = NonNullable<Workload["state"]["postgres"]>;

export interface PostgresDatabaseArgs {
  vpcId: pulumi.Input<string>;
  /** Private subnets in at least two zones (SA-2). */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  version: Postgres["version"];
  databaseName: string;
  /** Such as `db.m7g.large`. */
  instanceClass: string;
  /** GiB at creation; it grows by itself up to `maxStorageGiB` and never shrinks. */
  storageGiB: number;
  /** Ceiling of growth in GiB; default twice `storageGiB`. RDS wants at least 10 % above it, and at most 65536. */
  maxStorageGiB?: number;
  /** A standby in a second zone that takes over by itself (SA-12). */
  multiAz: boolean;
  deletionProtection: boolean;
  /** Days of point-in-time recovery, 1 to 35. */
  backupRetentionDays: number;
  /** Leave a snapshot and the automated backups behind on deletion. */
  finalSnapshot: boolean;
  /** Encrypts storage, snapshots and Performance Insights (SA-7). */
  keyArn: pulumi.Input<string>;
  /** Encrypts the master user's secret (SA-8). */
  secretsKeyArn: pulumi.Input<string>;
  /** Query statistics for seven days; the smallest classes have none. */
  performanceInsights: boolean;
  /** Logs sent to CloudWatch; default both. */
  logExports?: ("postgresql" | "upgrade")[];
  /** Encrypts those logs; RDS left to itself would make log groups without key or end (SA-7). */
  logKeyArn: pulumi.Input<string>;
  /** Least number of days the logs are kept (RT-23). */
  logRetentionDays: number;
  /** Sink the logs are sent to besides (PF-2). */
  sink?: LogDestinations;
  /** Further parameters. Those the platform enforces cannot be set. */
  parameters?: PostgresParameter[];
}

const port = 5432;

/** What gp3 storage of PostgreSQL grows to, in GiB. */
const largestGiB = 65_536;

/**
 * Services connect as database users of their own name, which the application's migration creates and grants `rds_iam`;
 * the migration connects as the master user with the secret that RDS keeps and rotates.
 * @throws Error for an argument RDS would refuse, or a parameter the platform enforces.
 */
export class PostgresDatabase extends pulumi.ComponentResource {
  readonly host: pulumi.Output<string>;
  readonly port: pulumi.Output<number>;
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  /** Name of the instance, as CloudWatch's dimension `DBInstanceIdentifier` has it. */
  readonly identifier: pulumi.Output<string>;
  /** Id that IAM policies of `rds-db:connect` name, `db-…`. */
  readonly resourceId: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  /** Secret of the master user, made and rotated by RDS: its value is in no state (PF-7). */
  readonly masterSecretArn: pulumi.Output<string>;

  constructor(
    private readonly component: string,
    args: PostgresDatabaseArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    requireArguments(args);
    super("palisade:aws:PostgresDatabase", component, {}, options);

    // A name of its own rather than RDS's, so that its log groups can be made first. It is the same after any change:
    // one that needs a new instance fails instead of dropping the data.
    const end = new RandomId(component, { byteLength: 4 }, { parent: this });
    const identifier = pulumi.interpolate`${boundedName(component, 54)}-${end.hex}`;
    const logExports = args.logExports ?? ["postgresql", "upgrade"];
    const logStreams = logExports.map(log => this.logStream(log, identifier, args));
    // No rules but those of `allowFrom`; a database starts no connections.
    const group = new ec2.SecurityGroup(
      component,
      { vpcId: args.vpcId, description: `PostgreSQL ${component}` },
      { parent: this },
    );
    const subnets = new rds.SubnetGroup(component, { subnetIds: args.subnetIds }, { parent: this });
    const parameters = new rds.ParameterGroup(
      component,
      { family: `postgres${args.version}`, parameters: withEnforced(args.parameters ?? []) },
      { parent: this },
    );
    const instance = new rds.Instance(
      component,
      {
        identifier,
        engine: "postgres",
        engineVersion: args.version,
        autoMinorVersionUpgrade: true,
        instanceClass: args.instanceClass,
        multiAz: args.multiAz,
        ...storage(args),
        ...masterUser(args),
        dbName: args.databaseName,
        iamDatabaseAuthenticationEnabled: true,
        dbSubnetGroupName: subnets.name,
        vpcSecurityGroupIds: [group.id],
        publiclyAccessible: false,
        port,
        caCertIdentifier: "rds-ca-rsa2048-g1",
        parameterGroupName: parameters.name,
        enabledCloudwatchLogsExports: logExports,
        ...performanceInsights(args),
        backupRetentionPeriod: args.backupRetentionDays,
        copyTagsToSnapshot: true,
        deletionProtection: args.deletionProtection,
        skipFinalSnapshot: !args.finalSnapshot,
        deleteAutomatedBackups: !args.finalSnapshot,
        ...(args.finalSnapshot && { finalSnapshotIdentifier: pulumi.interpolate`${identifier}-final` }),
      },
      { parent: this, dependsOn: logStreams },
    );

    this.host = instance.address;
    this.port = instance.port;
    this.name = instance.dbName;
    this.arn = instance.arn;
    this.identifier = instance.identifier;
    this.resourceId = instance.resourceId;
    this.securityGroupId = group.id;
    this.masterSecretArn = instance.masterUserSecrets.apply(secrets => secrets?.[0]?.secretArn ?? "");
    this.registerOutputs({ host: this.host, port: this.port, name: this.name, arn: this.arn });
  }

  /** Lets one client in, by its security group (SA-9). The client's own group must let it out. */
  allowFrom(clientName: string, securityGroupId: pulumi.Input<string>): void {
    ingressRule(
      `${this.component}-from-${clientName}`,
      { securityGroupId: this.securityGroupId, peerName: clientName, peer: { securityGroupId }, port },
      this,
    );
  }

  private logStream(log: string, identifier: pulumi.Output<string>, args: PostgresDatabaseArgs): LogStream {
    return new LogStream(
      `${this.component}-${log}`,
      {
        logGroupName: pulumi.interpolate`/aws/rds/instance/${identifier}/${log}`,
        keyArn: args.logKeyArn,
        retentionDays: args.logRetentionDays,
        sink: args.sink,
      },
      { parent: this },
    );
  }
}

function storage({ storageGiB, maxStorageGiB, keyArn }: PostgresDatabaseArgs) {
  const ceiling = maxStorageGiB ?? Math.min(storageGiB * 2, largestGiB);
  return {
    storageType: "gp3",
    allocatedStorage: storageGiB,
    // Near RDS's own limit there is no room for growth left to ask for.
    ...(ceiling >= leastCeiling(storageGiB) && { maxAllocatedStorage: ceiling }),
    storageEncrypted: true,
    kmsKeyId: keyArn,
  };
}

/** RDS makes the password itself, so it is neither in code nor in state (SA-8). */
function masterUser({ secretsKeyArn }: PostgresDatabaseArgs) {
  return { username: "palisade", manageMasterUserPassword: true, masterUserSecretKmsKeyId: secretsKeyArn };
}

function performanceInsights({ performanceInsights, keyArn }: PostgresDatabaseArgs) {
  return performanceInsights
    ? {
        performanceInsightsEnabled: true,
        performanceInsightsKmsKeyId: keyArn,
        performanceInsightsRetentionPeriod: 7,
      }
    : { performanceInsightsEnabled: false };
}

function leastCeiling(storageGiB: number): number {
  return Math.ceil((storageGiB * 11) / 10);
}

function requireArguments({ storageGiB, maxStorageGiB, backupRetentionDays }: PostgresDatabaseArgs): void {
  requireBetween("storageGiB", storageGiB, 20, largestGiB);
  if (maxStorageGiB !== undefined) requireBetween("maxStorageGiB", maxStorageGiB, leastCeiling(storageGiB), largestGiB);
  requireBetween("backupRetentionDays", backupRetentionDays, 1, 35);
}

function requireBetween(argument: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Error(`\`${argument}\` is ${value}; RDS allows ${least} to ${most}`);
}
