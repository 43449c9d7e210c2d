// AWS components: what lets EC2 Auto Scaling start machines on disks that a key of the stack encrypts (CP-1, SA-7).
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";

/**
 * Statements of the key's policy. Auto Scaling acts as its service-linked role, which no IAM policy can be added to. The
 * role is named in a condition and not as the principal: KMS refuses a principal that does not exist yet, and AWS makes
 * the role with the account's first group.
 */
export function autoscalingDisks({ accountId }: { accountId: pulumi.Input<string> }): PolicyStatement[] {
  const role = pulumi.interpolate`arn:aws:iam::${accountId}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`;
  const own = { StringEquals: { "kms:CallerAccount": accountId }, ArnEquals: { "aws:PrincipalArn": role } };
  const toAutoscaling = { Effect: "Allow" as const, Principal: { AWS: "*" }, Resource: "*" };
  return [
    {
      Sid: "AutoScalingStartsEncryptedDisks",
      ...toAutoscaling,
      Action: ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"],
      Condition: own,
    },
    {
      Sid: "AutoScalingHandsDisksToEc2",
      ...toAutoscaling,
      Action: "kms:CreateGrant",
      Condition: { ...own, Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
  ];
}
