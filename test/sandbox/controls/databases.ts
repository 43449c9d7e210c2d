// Sandbox tests: controls over databases (SA-4 to SA-9, SA-13, PF-6).
import { type AwsApi, find } from "../aws-api";
import { type Control, control, customerKey, first, xml } from "./control";

const databases = xml("rds", "DescribeDBInstances", "DBInstances/DBInstance", "DBInstanceIdentifier");

async function databaseParameters(api: AwsApi): Promise<[string, Map<string, string>][]> {
  const groups = find(await api.query("rds", "DescribeDBInstances"), "DBParameterGroup/DBParameterGroupName").map(
    String,
  );
  return Promise.all(
    groups.map(async (group): Promise<[string, Map<string, string>]> => {
      const answer = await api.query("rds", "DescribeDBParameters", { DBParameterGroupName: group });
      const parameters = find(answer, "Parameters/Parameter").map(first);
      return [group, new Map(parameters.map(at => [at("ParameterName") ?? "", at("ParameterValue") ?? ""]))];
    }),
  );
}

export const databaseControls: readonly Control[] = [
  control("SA-7", "databases are encrypted with a key of the customer's", databases, {
    "storage is encrypted": at => at("StorageEncrypted") === "true" && customerKey(at("KmsKeyId")),
    "query statistics are encrypted": at => customerKey(at("PerformanceInsightsKMSKeyId")),
    "snapshots carry its tags": at => at("CopyTagsToSnapshot") === "true",
  }),
  control("SA-9", "databases are not reached from outside", databases, {
    "is private": at => at("PubliclyAccessible") === "false",
  }),
  control("SA-13", "databases know services by their identity", databases, {
    "takes IAM tokens": at => at("IAMDatabaseAuthenticationEnabled") === "true",
    "master user's secret is RDS's": at =>
      /:secret:rds!db-/.test(at("MasterUserSecret/SecretArn") ?? "") && customerKey(at("MasterUserSecret/KmsKeyId")),
  }),
  control("RT-23", "databases export their logs", databases, {
    exports: at => at("EnabledCloudwatchLogsExports/member") !== undefined,
  }),
  control("PF-6", "databases are backed up", databases, {
    "has backups": at => Number(at("BackupRetentionPeriod")) >= 1,
  }),
  control("SA-6", "databases refuse connections without TLS", databaseParameters, {
    "forces TLS": parameters => parameters.get("rds.force_ssl") === "1",
    "from 1.2": parameters => parameters.get("ssl_min_protocol_version") === "TLSv1.2",
  }),
];
