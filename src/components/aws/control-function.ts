// AWS components: a Lambda function that steers the platform itself: small, logged, least in rights, and watched (RT-5, RT-7).
import * as iam from "@pulumi/aws/iam";
import * as lambda from "@pulumi/aws/lambda";
import * as pulumi from "@pulumi/pulumi";
import { logicalName } from "./bounded-name";
import { functionCode } from "./function-code";
import { logOriginVariables } from "./log-origin";
import { LogStream, type LogStreamArgs } from "./log-stream";
import { raise } from "./metric-alarm";
import { policyJson } from "./statements";

export interface ControlFunctionArgs {
  description: string;
  /** File below `lambda/`, without its ending; its `handler` is called. It has the runtime's boto3 and nothing else. */
  code: "capacity_ladder" | "restart_brake";
  /** Variables; no secrets. */
  variables: Record<string, pulumi.Input<string>>;
  /** Key that encrypts the variables (SA-7). */
  keyArn: pulumi.Input<string>;
  /** What it may do, besides writing its log and reading its variables (CP-3). */
  statements: iam.PolicyStatement[];
  log: LogStreamArgs;
  /** Who it says it is in its log (RT-23). */
  origin: LogOrigin;
  /** Who hears of its failures (SA-12). */
  topicArn: pulumi.Input<string>;
}

/** Fields that every record of one process has alike. */
export interface LogOrigin {
  environment: string;
  workload: string;
  service: string;
  buildSha: string;
}

export class ControlFunction extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: ControlFunctionArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:ControlFunction", name, {}, options);
    const child = { parent: this };

    const log = new LogStream(name, args.log, child);
    const role = new iam.Role(
      logicalName(name, "role"),
      { description: args.description, assumeRolePolicy: policyJson([trustLambda]) },
      child,
    );
    const policy = new iam.RolePolicy(
      name,
      { role: role.name, policy: policyJson([...ownNeeds(args, log.logGroupArn), ...args.statements]) },
      child,
    );
    const made = new lambda.Function(
      name,
      {
        description: args.description,
        runtime: "python3.13",
        architectures: ["arm64"],
        handler: `${args.code}.handler`,
        code: functionCode(`${args.code}.py`),
        role: role.arn,
        memorySize: 256,
        timeout: 30,
        environment: { variables: { ...args.variables, ...originVariables(args.origin) } },
        kmsKeyArn: args.keyArn,
        loggingConfig: { logFormat: "JSON", logGroup: log.logGroupName },
      },
      // Without its rights it would fail the first time it is called.
      { parent: this, dependsOn: [policy] },
    );
    raise(name, { failures: failures(args.description, made.name) }, args.topicArn, this);

    this.arn = made.arn;
    this.name = made.name;
    this.registerOutputs({ arn: this.arn });
  }
}

function originVariables({ environment, workload, service, buildSha }: LogOrigin) {
  return logOriginVariables({ env: environment, workload, service, build_sha: buildSha });
}

/** Lambda takes on roles of the function's own account only, so there is nobody to be confused about. */
const trustLambda: iam.PolicyStatement = {
  Effect: "Allow",
  Principal: { Service: "lambda.amazonaws.com" },
  Action: "sts:AssumeRole",
};

function ownNeeds({ keyArn }: ControlFunctionArgs, logGroupArn: pulumi.Output<string>): iam.PolicyStatement[] {
  return [
    {
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: pulumi.interpolate`${logGroupArn}:*`,
    },
    { Effect: "Allow", Action: "kms:Decrypt", Resource: keyArn },
  ];
}

function failures(description: string, functionName: pulumi.Output<string>) {
  return {
    alarmDescription: `it fails: ${description}`,
    namespace: "AWS/Lambda",
    metricName: "Errors",
    dimensions: { FunctionName: functionName },
    statistic: "Sum",
    comparisonOperator: "GreaterThanThreshold" as const,
    threshold: 0,
    period: 60,
    evaluationPeriods: 5,
    datapointsToAlarm: 3,
    // It is not called when there is nothing to do.
    treatMissingData: "notBreaching" as const,
  };
}
