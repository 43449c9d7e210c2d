// AWS components: one approval. New objects wait in a queue, a function hands each to an automation, a person decides (CP-11, CP-12).
import { readFileSync } from "node:fs";
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as lambda from "@pulumi/aws/lambda";
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import { approvalDocument } from "./approval-document";
import { logicalName } from "./bounded-name";
import { functionCode, functionFile } from "./function-code";
import { logOriginVariables } from "./log-origin";
import { LogStream, type LogStreamArgs } from "./log-stream";
import { raise } from "./metric-alarm";
import { serviceRole } from "./service-role";
import { keyUse } from "./statements";
import { WorkQueue } from "./work-queue";

export interface ApprovalGateArgs {
  workload: string;
  environment: string;
  /** Commit of the release: what the log of the function says it is (RT-23). */
  buildSha: string;
  /** Name and description in the specification. */
  approval: string;
  description: string;
  /** What is approved: object versions below the prefix, which ends in a slash. */
  bucket: { name: pulumi.Input<string>; arn: pulumi.Input<string> };
  prefix: string;
  /** Key of the bucket's data class; the waiting events are encrypted with it. Its policy must admit S3. */
  keyArn: pulumi.Input<string>;
  /** Where an approved version goes, and the role that alone may send there. */
  release: { queueUrl: pulumi.Input<string>; roleArn: pulumi.Input<string> };
  /** ARNs of IAM roles and users, 1 to 10, of whom one must approve. */
  approvers: readonly string[];
  region: string;
  accountId: pulumi.Input<string>;
  /** Log group of the function. */
  log: LogStreamArgs;
  /** Where approvers and operators are called, and the topic's key. */
  topicArn: pulumi.Input<string>;
  topicKeyArn: pulumi.Input<string>;
}

/** Seconds one batch of the function may take. */
const timeoutSeconds = 60;

/** @throws Error unless there are 1 to 10 approvers. */
export class ApprovalGate extends pulumi.ComponentResource {
  /** Queue that the bucket notifies, known once S3 may send to it. */
  readonly handOffQueueArn: pulumi.Output<string>;
  readonly documentName: pulumi.Output<string>;
  readonly functionName: pulumi.Output<string>;

  constructor(name: string, args: ApprovalGateArgs, options?: pulumi.ComponentResourceOptions) {
    if (args.approvers.length < 1 || args.approvers.length > 10)
      throw new Error(
        `\`approvers\` has ${args.approvers.length}; approval \`${args.approval}\` takes 1 to 10 (CP-11)`,
      );
    super("palisade:aws:ApprovalGate", name, {}, options);
    const child = { parent: this };
    const { release, bucket, keyArn } = args;

    const document = new ssm.Document(
      name,
      { documentType: "Automation", documentFormat: "JSON", content: documentOf(args) },
      child,
    );
    const waiting = new WorkQueue(
      `${name}-hand-off`,
      {
        keyArn,
        // AWS's advice for a function behind a queue: six times its time-out.
        visibilitySeconds: 6 * timeoutSeconds,
        oldestSeconds: 1800,
        topicArn: args.topicArn,
        statements: queueArn => [notifications(queueArn, args)],
      },
      child,
    );
    const log = new LogStream(`${name}-hand-off`, args.log, child);
    const handOff = new lambda.Function(
      logicalName(`${name}-hand-off`, "function"),
      {
        description: `Hands objects of approval ${args.approval} to their approvers`,
        runtime: "python3.13",
        architectures: ["arm64"],
        handler: "hand_off.handler",
        code: functionCode("hand_off.py"),
        role: serviceRole(
          logicalName(`${name}-hand-off`, "role"),
          {
            service: "lambda.amazonaws.com",
            permissions: handOffPermissions(args, { waiting, documentName: document.name, log }),
          },
          this,
        ),
        timeout: timeoutSeconds,
        memorySize: 256,
        kmsKeyArn: keyArn,
        loggingConfig: { logFormat: "JSON", logGroup: log.logGroupName },
        environment: {
          variables: {
            APPROVAL: args.approval,
            DESCRIPTION: args.description,
            BUCKET: bucket.name,
            PREFIX: args.prefix,
            DOCUMENT: document.name,
            TOPIC: args.topicArn,
            ...logOriginVariables({
              env: args.environment,
              workload: args.workload,
              service: "approval-hand-off",
              build_sha: args.buildSha,
            }),
          },
        },
      },
      child,
    );
    new lambda.EventSourceMapping(
      `${name}-hand-off`,
      {
        eventSourceArn: waiting.arn,
        functionName: handOff.arn,
        batchSize: 10,
        // One bad event is tried again and set aside alone.
        functionResponseTypes: ["ReportBatchItemFailures"],
        scalingConfig: { maximumConcurrency: 2 },
      },
      child,
    );
    raise(`${name}-hand-off`, { errors: functionErrors(handOff.name) }, args.topicArn, this);

    this.handOffQueueArn = waiting.arn;
    this.documentName = document.name;
    this.functionName = handOff.name;
    this.registerOutputs({ documentName: this.documentName });

    function documentOf({ workload, approval, description, approvers }: ApprovalGateArgs): pulumi.Output<string> {
      const composeScript = readFileSync(functionFile("compose_release.py"), "utf8");
      return pulumi.all([bucket.name, release.queueUrl, release.roleArn]).apply(([bucketName, queueUrl, roleArn]) =>
        JSON.stringify(
          approvalDocument({
            workload,
            approval,
            description,
            bucketName,
            queueUrl,
            roleArn,
            approvers,
            composeScript,
          }),
        ),
      );
    }
  }
}

/** S3 sends for this one bucket of this account only (confused deputy). */
function notifications(
  queueArn: pulumi.Output<string>,
  { bucket, accountId }: Pick<ApprovalGateArgs, "bucket" | "accountId">,
): PolicyStatement {
  return {
    Sid: "NotificationsOfTheBucket",
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: queueArn,
    Condition: { StringEquals: { "aws:SourceAccount": accountId }, ArnEquals: { "aws:SourceArn": bucket.arn } },
  };
}

function handOffPermissions(
  args: ApprovalGateArgs,
  of: { waiting: WorkQueue; documentName: pulumi.Output<string>; log: LogStream },
): PolicyStatement[] {
  const { region, accountId, keyArn, bucket, prefix } = args;
  const ssmArn = (rest: pulumi.Input<string>) => pulumi.interpolate`arn:aws:ssm:${region}:${accountId}:${rest}`;
  return [
    {
      Effect: "Allow",
      Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
      Resource: of.waiting.arn,
    },
    // Also what its own variables are encrypted with, which Lambda decrypts as the function.
    keyUse(keyArn, "sqs", region, ["Decrypt"]),
    keyUse(keyArn, "lambda", region, ["Decrypt"]),
    {
      Effect: "Allow",
      Action: ["s3:GetObjectVersionTagging", "s3:PutObjectVersionTagging"],
      Resource: pulumi.interpolate`${bucket.arn}/${prefix}*`,
    },
    {
      Effect: "Allow",
      Action: "ssm:StartAutomationExecution",
      // The document, and the execution that comes of it, whose id nobody knows before.
      Resource: [ssmArn(pulumi.interpolate`document/${of.documentName}`), ssmArn("automation-execution/*")],
    },
    {
      Effect: "Allow",
      Action: "iam:PassRole",
      Resource: args.release.roleArn,
      Condition: { StringEquals: { "iam:PassedToService": "ssm.amazonaws.com" } },
    },
    { Effect: "Allow", Action: "sns:Publish", Resource: args.topicArn },
    keyUse(args.topicKeyArn, "sns", region, ["GenerateDataKey", "Decrypt"]),
    {
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: pulumi.interpolate`${of.log.logGroupArn}:*`,
    },
  ];
}

function functionErrors(functionName: pulumi.Output<string>) {
  return {
    alarmDescription: "the function that hands objects to their approvers does not run; its queue keeps them",
    namespace: "AWS/Lambda",
    metricName: "Errors",
    dimensions: { FunctionName: functionName },
    statistic: "Sum",
    comparisonOperator: "GreaterThanThreshold" as const,
    threshold: 0,
    period: 300,
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    treatMissingData: "notBreaching" as const,
  };
}
