// AWS components: an approval as an Automation document: wait for a person, record the decision, release (CP-11). Pure.
import { decisionSource } from "./approval-events";

export interface ApprovalDocument {
  workload: string;
  /** Name and description of the approval in the specification. */
  approval: string;
  description: string;
  bucketName: string;
  queueUrl: string;
  /** Role the steps run in; the only one that may send to the queue. */
  roleArn: string;
  /** ARNs of the IAM roles and users of whom one must approve. Literals: whoever starts the automation cannot choose. */
  approvers: readonly string[];
  /** Python of the step that writes the record. */
  composeScript: string;
}

/** Seconds a decision may take: a week. What nobody decides about is not released, and raises an alarm. */
const patience = 7 * 24 * 3600;

/** Content of the document. Each step runs only if the one before it succeeded. */
export function approvalDocument(args: ApprovalDocument): object {
  const { workload, approval, description, bucketName, queueUrl, approvers } = args;
  return {
    schemaVersion: "0.3",
    description,
    assumeRole: args.roleArn,
    parameters: {
      Key: {
        type: "String",
        description: "Key of the object, URL-encoded as S3 does in events.",
        allowedPattern: "^[A-Za-z0-9_.~%/-]{1,512}$",
      },
      VersionId: { type: "String", description: "Version of the object.", allowedPattern: "^[A-Za-z0-9_.-]{1,128}$" },
    },
    mainSteps: [
      {
        name: "Approve",
        action: "aws:approve",
        timeoutSeconds: patience,
        onFailure: "Abort",
        inputs: {
          Message: `${description} s3://${bucketName}/{{ Key }} version {{ VersionId }}`,
          MinRequiredApprovals: 1,
          Approvers: [...approvers],
        },
      },
      {
        name: "Compose",
        action: "aws:executeScript",
        onFailure: "Abort",
        inputs: {
          Runtime: "python3.11",
          Handler: "compose",
          Script: args.composeScript,
          InputPayload: {
            workload,
            approval,
            bucket: bucketName,
            key: "{{ Key }}",
            versionId: "{{ VersionId }}",
            execution: "{{ automation:EXECUTION_ID }}",
            approvers: "{{ Approve.ApproverDecisions }}",
          },
        },
        outputs: [{ Name: "Message", Selector: "$.Payload.message", Type: "String" }],
      },
      {
        // Before the release: what cannot be recorded is not released. PutEvents answers without an error even if it
        // took nothing, so the number of refused entries is asserted.
        name: "Record",
        action: "aws:assertAwsResourceProperty",
        onFailure: "Abort",
        inputs: {
          Service: "events",
          Api: "PutEvents",
          Entries: [{ Source: decisionSource, DetailType: "Approval", Detail: "{{ Compose.Message }}" }],
          PropertySelector: "$.FailedEntryCount",
          DesiredValues: ["0"],
        },
      },
      {
        name: "Release",
        action: "aws:executeAwsApi",
        onFailure: "Abort",
        maxAttempts: 3,
        inputs: { Service: "sqs", Api: "SendMessage", QueueUrl: queueUrl, MessageBody: "{{ Compose.Message }}" },
        isEnd: true,
      },
    ],
  };
}
