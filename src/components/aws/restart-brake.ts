// AWS components: the restart brake of one environment. A service that has used up its restart budget is stopped, and a person is called (RT-5).
// ECS restarts a container in its task, and replaces a task that dies, for ever. Both are counted: the first by ECS, the
// second by this function; the alarm on their sum, one for each service, calls it again to stop the service. The next
// release starts it.
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as lambda from "@pulumi/aws/lambda";
import * as pulumi from "@pulumi/pulumi";
import { ControlFunction, type ControlFunctionArgs } from "./control-function";
import { metricNamespace } from "./metrics";
import { publishMetrics } from "./statements";

export interface RestartBrakeArgs extends Pick<ControlFunctionArgs, "keyArn" | "log" | "topicArn"> {
  region: string;
  accountId: pulumi.Input<string>;
  clusterName: pulumi.Input<string>;
  clusterArn: pulumi.Input<string>;
  environment: string;
  buildSha: string;
}

export class RestartBrake extends pulumi.ComponentResource {
  /** The action of an alarm that is to stop the service in its dimensions; known once alarms may call it. */
  readonly functionArn: pulumi.Output<string>;

  constructor(name: string, args: RestartBrakeArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:RestartBrake", name, {}, options);
    const { region, accountId, environment, clusterName, keyArn, log, topicArn } = args;
    const child = { parent: this };

    const brake = new ControlFunction(
      name,
      {
        description: `Stops services of ${name} that have used up their restart budget`,
        code: "restart_brake",
        variables: { CLUSTER: clusterName, NAMESPACE: metricNamespace },
        statements: permissions(args),
        keyArn,
        log,
        origin: { environment, workload: "palisade", service: "restart-brake", buildSha: args.buildSha },
        topicArn,
      },
      child,
    );
    const mayCall = (caller: string, principal: string, sourceArn: pulumi.Input<string>) =>
      new lambda.Permission(
        `${name}-from-${caller}`,
        { action: "lambda:InvokeFunction", function: brake.name, principal, sourceArn, sourceAccount: accountId },
        child,
      );
    for (const [key, { description, pattern }] of Object.entries(events(args))) {
      const eventPattern = pulumi.jsonStringify({ source: ["aws.ecs"], ...pattern });
      const rule = new cloudwatch.EventRule(`${name}-${key}`, { description, eventPattern }, child);
      const fromRule = mayCall(key, "events.amazonaws.com", rule.arn);
      new cloudwatch.EventTarget(
        `${name}-${key}`,
        { rule: rule.name, arn: brake.arn },
        { parent: this, dependsOn: [fromRule] },
      );
    }
    const fromAlarms = mayCall(
      "alarms",
      "lambda.alarms.cloudwatch.amazonaws.com",
      pulumi.interpolate`arn:aws:cloudwatch:${region}:${accountId}:alarm:*`,
    );

    this.functionArn = pulumi.all([brake.arn, fromAlarms.id]).apply(([arn]) => arn);
    this.registerOutputs({ functionArn: this.functionArn });
  }
}

/** What it hears of, besides alarms. */
function events({ region, accountId, clusterName, clusterArn }: RestartBrakeArgs) {
  return {
    ended: {
      description: "Tasks of the cluster that have ended",
      pattern: {
        "detail-type": ["ECS Task State Change"],
        detail: { clusterArn: [clusterArn], lastStatus: ["STOPPED"] },
      },
    },
    released: {
      description: "Services of the cluster of which a new release begins",
      pattern: {
        "detail-type": ["ECS Deployment State Change"],
        resources: [{ prefix: pulumi.interpolate`arn:aws:ecs:${region}:${accountId}:service/${clusterName}/` }],
        detail: { eventName: ["SERVICE_DEPLOYMENT_IN_PROGRESS"] },
      },
    },
  };
}

function permissions({ region, accountId, clusterName }: RestartBrakeArgs): PolicyStatement[] {
  return [
    {
      Effect: "Allow",
      Action: ["ecs:DescribeServices", "ecs:UpdateService"],
      Resource: pulumi.interpolate`arn:aws:ecs:${region}:${accountId}:service/${clusterName}/*`,
    },
    {
      Effect: "Allow",
      Action: "application-autoscaling:RegisterScalableTarget",
      // The ids of targets are random; what tells those of ECS from others is the condition.
      Resource: pulumi.interpolate`arn:aws:application-autoscaling:${region}:${accountId}:scalable-target/*`,
      Condition: { StringEquals: { "application-autoscaling:service-namespace": "ecs" } },
    },
    // Application Auto Scaling lists without resources.
    { Effect: "Allow", Action: "application-autoscaling:DescribeScalableTargets", Resource: "*" },
    publishMetrics(),
  ];
}
