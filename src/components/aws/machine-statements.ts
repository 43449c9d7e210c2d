// AWS components: what the machine itself may do, which its process may not: agent, images, logs, parameters (CP-3, CP-5, CP-6, CP-9).
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { publishMetrics } from "./statements";

export interface MachineRights {
  region: string;
  accountId: pulumi.Input<string>;
  repositoryArn: pulumi.Input<string>;
  /** Log groups of the service and of its sessions, without a trailing `:*`. */
  logGroupArns: pulumi.Input<string>[];
  /** Documents the agent fetches. */
  documentArns: pulumi.Input<string>[];
  /** Path of its parameters, without a trailing slash, and the key they are encrypted with. */
  parameterPath: string;
  secretsKeyArn: pulumi.Input<string>;
  /** Key that encrypts sessions on their way. */
  sessionKeyArn: pulumi.Input<string>;
  /** Role of the process. */
  processRoleArn: pulumi.Input<string>;
}

export function machineStatements(rights: MachineRights): PolicyStatement[] {
  return [
    ...agent(rights),
    ...images(rights),
    ...logs(rights),
    ...parameters(rights),
    publishMetrics(),
    { Sid: "ProcessRole", Effect: "Allow", Action: "sts:AssumeRole", Resource: rights.processRoleArn },
  ];
}

/** What `AmazonSSMManagedInstanceCore` has, without reading every parameter and document of the account. */
function agent({ documentArns, sessionKeyArn }: MachineRights): PolicyStatement[] {
  return [
    {
      Sid: "Agent",
      Effect: "Allow",
      Action: [
        "ec2messages:AcknowledgeMessage",
        "ec2messages:DeleteMessage",
        "ec2messages:FailMessage",
        "ec2messages:GetEndpoint",
        "ec2messages:GetMessages",
        "ec2messages:SendReply",
        "ssm:ListInstanceAssociations",
        "ssm:PutComplianceItems",
        "ssm:UpdateInstanceAssociationStatus",
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ],
      // The agent's channels know no resources; its messages are those of the instance whose role this is.
      Resource: "*",
    },
    {
      Sid: "AgentDocuments",
      Effect: "Allow",
      Action: ["ssm:DescribeDocument", "ssm:GetDocument"],
      Resource: documentArns,
    },
    {
      Sid: "SessionKey",
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: sessionKeyArn,
      // Keys of sessions only: nothing else that the key encrypts has this in its context.
      Condition: { Null: { "kms:EncryptionContext:aws:ssm:SessionId": "false" } },
    },
  ];
}

function images({ repositoryArn }: MachineRights): PolicyStatement[] {
  return [
    // A registry token is for the account; ECR knows no resource for it.
    { Sid: "RegistryToken", Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" },
    {
      Sid: "Image",
      Effect: "Allow",
      Action: ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
      Resource: repositoryArn,
    },
  ];
}

function logs({ region, accountId, logGroupArns }: MachineRights): PolicyStatement[] {
  return [
    {
      Sid: "Logs",
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
      Resource: logGroupArns.map(arn => pulumi.interpolate`${arn}:*`),
    },
    {
      // The agent looks whether the group of its sessions is encrypted; a list is of the whole account.
      Sid: "LogGroups",
      Effect: "Allow",
      Action: "logs:DescribeLogGroups",
      Resource: pulumi.interpolate`arn:aws:logs:${region}:${accountId}:log-group:*`,
    },
  ];
}

function parameters({ region, accountId, parameterPath, secretsKeyArn }: MachineRights): PolicyStatement[] {
  const path = pulumi.interpolate`arn:aws:ssm:${region}:${accountId}:parameter${parameterPath}`;
  return [
    {
      Sid: "Parameters",
      Effect: "Allow",
      Action: "ssm:GetParametersByPath",
      Resource: [path, pulumi.interpolate`${path}/*`],
    },
    {
      Sid: "ParameterKey",
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: secretsKeyArn,
      Condition: {
        StringEquals: { "kms:ViaService": `ssm.${region}.amazonaws.com` },
        StringLike: { "kms:EncryptionContext:PARAMETER_ARN": pulumi.interpolate`${path}/*` },
      },
    },
  ];
}
