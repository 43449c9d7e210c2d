// AWS components: the flow log of a VPC. Every connection, accepted or refused, by the minute (SA-9).
import * as ec2 from "@pulumi/aws/ec2";
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { LogStream, type LogStreamArgs } from "./log-stream";
import { serviceRole } from "./service-role";

export interface FlowLogArgs extends LogStreamArgs {
  vpcId: pulumi.Input<string>;
  /** Account and region of the VPC. */
  accountId: pulumi.Input<string>;
  region: string;
}

export class FlowLog extends pulumi.ComponentResource {
  readonly logGroupName: pulumi.Output<string>;

  constructor(name: string, args: FlowLogArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:FlowLog", name, {}, options);
    const { vpcId, accountId, region, tags, ...stream } = args;

    const log = new LogStream(name, { ...stream, tags }, { parent: this });
    const iamRoleArn = serviceRole(
      name,
      {
        service: "vpc-flow-logs.amazonaws.com",
        condition: {
          StringEquals: { "aws:SourceAccount": accountId },
          ArnLike: { "aws:SourceArn": pulumi.interpolate`arn:aws:ec2:${region}:${accountId}:vpc-flow-log/*` },
        },
        permissions: permissions(args),
        tags,
      },
      this,
    );
    new ec2.FlowLog(
      name,
      {
        vpcId,
        trafficType: "ALL",
        maxAggregationInterval: 60,
        logDestinationType: "cloud-watch-logs",
        logDestination: log.logGroupArn,
        iamRoleArn,
        tags: { ...tags, Name: name },
      },
      // EC2 refuses a second flow log of the same network to the same destination, so the old one goes first.
      { parent: this, deleteBeforeReplace: true },
    );

    this.logGroupName = log.logGroupName;
    this.registerOutputs({ logGroupName: this.logGroupName });
  }
}

function permissions({ accountId, region, logGroupName }: FlowLogArgs): PolicyStatement[] {
  const logGroups = pulumi.interpolate`arn:aws:logs:${region}:${accountId}:log-group`;
  return [
    {
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
      Resource: pulumi.interpolate`${logGroups}:${logGroupName}:*`,
    },
    // The service finds its group by listing, which cannot be held to one group.
    { Effect: "Allow", Action: "logs:DescribeLogGroups", Resource: pulumi.interpolate`${logGroups}:*` },
  ];
}
