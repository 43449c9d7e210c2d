// Unit tests: the flow log service writes to its own log group and is trusted for this account only.
import { expect, test } from "vitest";
import { FlowLog } from "../../../src/components/aws/flow-log";
import { only } from "../record";
import { policyOf } from "./reading";
import { recordTypes } from "./samples";

const group = "aws:cloudwatch/logGroup:LogGroup";
const role = "aws:iam/role:Role";
const rolePolicy = "aws:iam/rolePolicy:RolePolicy";
const flowLog = "aws:ec2/flowLog:FlowLog";

const build = () =>
  recordTypes(
    [group, role, rolePolicy, flowLog],
    () =>
      new FlowLog("flow", {
        vpcId: "vpc-1",
        logGroupName: "/palisade/net/flow-log",
        retentionDays: 30,
        keyArn: "arn:aws:kms:eu-central-1:111122223333:key/logs",
        accountId: "111122223333",
        region: "eu-central-1",
      }),
  );

test("logs all traffic of the VPC to the group, as the role", async () => {
  expect(only(await build(), flowLog).inputs).toMatchObject({
    vpcId: "vpc-1",
    trafficType: "ALL",
    maxAggregationInterval: 60,
    logDestination: "arn:aws:mock:::flow",
    iamRoleArn: "arn:aws:mock:::flow",
  });
});

test("trusts the service for flow logs of this account and region", async () => {
  expect(policyOf(only(await build(), role), "assumeRolePolicy")).toEqual([
    {
      Effect: "Allow",
      Principal: { Service: "vpc-flow-logs.amazonaws.com" },
      Action: "sts:AssumeRole",
      Condition: {
        StringEquals: { "aws:SourceAccount": "111122223333" },
        ArnLike: { "aws:SourceArn": "arn:aws:ec2:eu-central-1:111122223333:vpc-flow-log/*" },
      },
    },
  ]);
});

test("permits writing to the one group", async () => {
  const permissions = policyOf(only(await build(), rolePolicy));
  expect(permissions.filter(p => [p.Action].flat().some(action => action !== "logs:DescribeLogGroups"))).toEqual([
    {
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
      Resource: "arn:aws:logs:eu-central-1:111122223333:log-group:/palisade/net/flow-log:*",
    },
  ]);
  for (const { Resource } of permissions) expect(Resource).not.toBe("*");
});
