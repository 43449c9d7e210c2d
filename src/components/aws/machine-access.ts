// AWS components: how people reach a machine: sessions that are encrypted and logged, and a policy that allows those only (CP-6, CP-9).
import * as iam from "@pulumi/aws/iam";
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import { policyJson } from "./statements";

export interface MachineAccessArgs {
  region: string;
  accountId: pulumi.Input<string>;
  /** Fixed name of the session document, which operators name when they start a session. */
  documentName: string;
  /** Log group the sessions go to; encrypted. */
  logGroupName: pulumi.Input<string>;
  /** KMS key that encrypts sessions on their way. */
  keyArn: pulumi.Input<string>;
  /** Document of deliveries. */
  deliveryDocumentArn: pulumi.Input<string>;
  /** Value of the tag `palisade:service` of the machines. */
  serviceTag: string;
}

export class MachineAccess extends pulumi.ComponentResource {
  readonly sessionDocumentName: pulumi.Output<string>;
  /** Policy for operators and for the pipeline that delivers; attached to nobody. */
  readonly operatorPolicyArn: pulumi.Output<string>;

  constructor(name: string, args: MachineAccessArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:MachineAccess", name, {}, options);
    const document = new ssm.Document(
      `${name}-session`,
      {
        name: args.documentName,
        documentType: "Session",
        documentFormat: "JSON",
        content: pulumi
          .all([args.logGroupName, args.keyArn])
          .apply(([logGroupName, keyArn]) => JSON.stringify(sessionDocument(logGroupName, keyArn))),
      },
      { parent: this },
    );
    const policy = new iam.Policy(
      `${name}-operators`,
      {
        description: `Sessions on and deliveries to machines of ${name}`,
        policy: policyJson(operatorStatements(args, document.arn)),
      },
      { parent: this },
    );
    this.sessionDocumentName = document.name;
    this.operatorPolicyArn = policy.arn;
    this.registerOutputs({ sessionDocumentName: this.sessionDocumentName, operatorPolicyArn: this.operatorPolicyArn });
  }
}

/** A session that cannot be logged and encrypted does not start. */
export function sessionDocument(cloudWatchLogGroupName: string, kmsKeyId: string) {
  return {
    schemaVersion: "1.0",
    description: "Sessions on machines: encrypted, streamed to CloudWatch Logs, ended when idle",
    sessionType: "Standard_Stream",
    inputs: {
      s3BucketName: "",
      s3KeyPrefix: "",
      s3EncryptionEnabled: true,
      cloudWatchLogGroupName,
      cloudWatchEncryptionEnabled: true,
      cloudWatchStreamingEnabled: true,
      kmsKeyId,
      runAsEnabled: false,
      runAsDefaultUser: "",
      idleSessionTimeout: "20",
      maxSessionDuration: "60",
      shellProfile: { linux: "", windows: "" },
    },
  };
}

function operatorStatements(args: MachineAccessArgs, sessionDocumentArn: pulumi.Output<string>): iam.PolicyStatement[] {
  const { region, accountId, serviceTag } = args;
  const machines = pulumi.interpolate`arn:aws:ec2:${region}:${accountId}:instance/*`;
  const ofService = { StringEquals: { "ssm:resourceTag/palisade:service": serviceTag } };
  // Without it a caller who names no document gets the account's own, whatever that logs.
  const namedDocument = { BoolIfExists: { "ssm:SessionDocumentAccessCheck": "true" } };
  return [
    {
      Sid: "SessionMachines",
      Effect: "Allow",
      Action: "ssm:StartSession",
      Resource: machines,
      Condition: { ...ofService, ...namedDocument },
    },
    {
      Sid: "SessionDocument",
      Effect: "Allow",
      Action: "ssm:StartSession",
      Resource: sessionDocumentArn,
      Condition: namedDocument,
    },
    {
      Sid: "OwnSessions",
      Effect: "Allow",
      Action: ["ssm:ResumeSession", "ssm:TerminateSession"],
      Resource: pulumi.interpolate`arn:aws:ssm:${region}:${accountId}:session/\${aws:userid}-*`,
    },
    {
      Sid: "SessionKey",
      Effect: "Allow",
      Action: "kms:GenerateDataKey",
      Resource: args.keyArn,
      Condition: { Null: { "kms:EncryptionContext:aws:ssm:SessionId": "false" } },
    },
    { Sid: "DeliveryMachines", Effect: "Allow", Action: "ssm:SendCommand", Resource: machines, Condition: ofService },
    { Sid: "DeliveryDocument", Effect: "Allow", Action: "ssm:SendCommand", Resource: args.deliveryDocumentArn },
    {
      Sid: "DeliveryResults",
      Effect: "Allow",
      Action: ["ssm:GetCommandInvocation", "ssm:ListCommandInvocations"],
      // Commands have no resource level in IAM.
      Resource: "*",
    },
  ];
}
