// AWS components: IAM policies as data. Each statement names its actions and its resources (CP-3).
import type { PolicyDocument, PolicyStatement } from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { metricNamespace } from "./metrics";

/** A policy document as the JSON that IAM takes. */
export function policyJson(statements: PolicyStatement[]): pulumi.Output<string> {
  const document: PolicyDocument = { Version: "2012-10-17", Statement: statements };
  return pulumi.jsonStringify(document);
}

/** Trust of a role that ECS takes for tasks of this account and region, and for nobody else's (confused deputy). */
export function trustTasks(region: string, accountId: pulumi.Input<string>): PolicyStatement {
  return {
    Effect: "Allow",
    Principal: { Service: "ecs-tasks.amazonaws.com" },
    Action: "sts:AssumeRole",
    Condition: {
      StringEquals: { "aws:SourceAccount": accountId },
      ArnLike: { "aws:SourceArn": pulumi.interpolate`arn:aws:ecs:${region}:${accountId}:*` },
    },
  };
}

/**
 * Connect to one database as one database user, with a token of 15 minutes instead of a password (SA-13).
 * @param resourceId the database's resource id, `db-…`, not its name.
 */
export function databaseConnect(
  region: string,
  accountId: pulumi.Input<string>,
  resourceId: pulumi.Input<string>,
  user: string,
): PolicyStatement {
  return {
    Effect: "Allow",
    Action: "rds-db:connect",
    Resource: pulumi.interpolate`arn:aws:rds-db:${region}:${accountId}:dbuser:${resourceId}/${user}`,
  };
}

/** Read what lies below one prefix (CP-3). @param prefix ends in a slash. */
export function bucketRead(bucketArn: pulumi.Input<string>, prefix: string): PolicyStatement[] {
  return [
    { Effect: "Allow", Action: "s3:GetObject", Resource: pulumi.interpolate`${bucketArn}/${prefix}*` },
    {
      Effect: "Allow",
      Action: "s3:ListBucket",
      Resource: bucketArn,
      Condition: { StringLike: { "s3:prefix": `${prefix}*` } },
    },
  ];
}

/** Write below one prefix; deleting is no part of it (CP-3). @param prefix ends in a slash. */
export function bucketWrite(bucketArn: pulumi.Input<string>, prefix: string): PolicyStatement {
  return {
    Effect: "Allow",
    Action: ["s3:PutObject", "s3:AbortMultipartUpload"],
    Resource: pulumi.interpolate`${bucketArn}/${prefix}*`,
  };
}

/** Use one key, and only through one service, such as `s3` (SA-7). */
export function keyUse(
  keyArn: pulumi.Input<string>,
  service: string,
  region: string,
  actions: ("Decrypt" | "GenerateDataKey")[],
): PolicyStatement {
  return {
    Effect: "Allow",
    Action: actions.map(action => `kms:${action}`),
    Resource: keyArn,
    Condition: { StringEquals: { "kms:ViaService": `${service}.${region}.amazonaws.com` } },
  };
}

/** Publish metrics to the platform's namespace (RT-24). */
export function publishMetrics(): PolicyStatement {
  return {
    Effect: "Allow",
    Action: "cloudwatch:PutMetricData",
    // PutMetricData knows no resources; the namespace is its only bound.
    Resource: "*",
    Condition: { StringEquals: { "cloudwatch:namespace": metricNamespace } },
  };
}
