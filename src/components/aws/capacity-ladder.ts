// AWS components: the capacity ladder of one service. Under load it is throttled first; only if that does not help its tasks grow (RT-6, RT-7).
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as lambda from "@pulumi/aws/lambda";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import { ControlFunction, type ControlFunctionArgs } from "./control-function";
import { type LadderMetrics, pressureAlarms, waitAlarms } from "./ladder-alarms";
import { raise } from "./metric-alarm";
import { parameterKey, type ThrottleParameter } from "./throttle-parameter";

export interface CapacityLadderArgs
  extends Omit<LadderMetrics, "serviceName">,
    Pick<ControlFunctionArgs, "keyArn" | "log" | "origin" | "topicArn"> {
  service: Service;
  /** Name of the ECS service. */
  serviceName: pulumi.Input<string>;
  region: string;
  accountId: pulumi.Input<string>;
  throttle: ThrottleParameter;
  /** Key of the throttle's parameter. */
  throttleKeyArn: pulumi.Input<string>;
  /** Task definitions at the service's resources and at their ceiling; without the second nothing grows. */
  taskDefinitions: { base: pulumi.Input<string>; ceiling?: pulumi.Input<string> };
}

/** Percent of its own rate that a throttled service may take, step by step. */
const throttleSteps = [100, 75, 50, 25];

/** Seconds between two steps down, of throttling in vain before the tasks grow, and of calm before a step back. */
const pace = { stepSeconds: 120, patienceSeconds: 600, calmSeconds: 300 };

export class CapacityLadder extends pulumi.ComponentResource {
  constructor(name: string, args: CapacityLadderArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:CapacityLadder", name, {}, options);
    const { service, region, accountId, keyArn, log, origin, topicArn } = args;
    const child = { parent: this };
    const tables = { pressure: pressureAlarms(service, args), wait: waitAlarms(service, args) };

    // The function must be known to the alarms as their action, and the alarms to the function: it learns their names.
    const alarmArns = Object.keys({ ...tables.pressure, ...tables.wait }).map(
      key => pulumi.interpolate`arn:aws:cloudwatch:${region}:${accountId}:alarm:${alarmName(name, key)}`,
    );
    const ladder = new ControlFunction(
      name,
      {
        description: `Throttles ${name} under load, then lets its tasks grow`,
        code: "capacity_ladder",
        variables: { LADDER: this.rules(name, args, tables) },
        statements: permissions(args, alarmArns),
        keyArn,
        log,
        origin,
        topicArn,
      },
      child,
    );
    const mayCall = (caller: string, principal: string, sourceArn: pulumi.Input<string>) =>
      new lambda.Permission(
        `${name}-from-${caller}`,
        { action: "lambda:InvokeFunction", function: ladder.name, principal, sourceArn, sourceAccount: accountId },
        child,
      );
    const fromAlarms = alarmArns.map((arn, i) => mayCall(`alarm-${i}`, "lambda.alarms.cloudwatch.amazonaws.com", arn));
    const functionArn = pulumi.all([ladder.arn, ...fromAlarms.map(({ id }) => id)]).apply(([arn = ""]) => arn);
    for (const [key, alarm] of Object.entries({ ...tables.pressure, ...tables.wait }))
      raise(name, { [key]: { ...alarm, name: alarmName(name, key) } }, functionArn, this);

    // Alarms ring once; what follows after a while needs somebody to look again.
    const everyMinute = new cloudwatch.EventRule(
      name,
      { description: `Looks after the load of ${name}`, scheduleExpression: "rate(1 minute)" },
      child,
    );
    const fromEvents = mayCall("events", "events.amazonaws.com", everyMinute.arn);
    new cloudwatch.EventTarget(
      name,
      { rule: everyMinute.name, arn: ladder.arn },
      { parent: this, dependsOn: [fromEvents] },
    );
    this.registerOutputs({});
  }

  private rules(
    name: string,
    { service, clusterName, serviceName, throttle, throttleKeyArn, taskDefinitions }: CapacityLadderArgs,
    tables: { pressure: object; wait: object },
  ): pulumi.Output<string> {
    const names = (table: object) => Object.keys(table).map(key => alarmName(name, key));
    return pulumi.jsonStringify({
      cluster: clusterName,
      service: serviceName,
      parameter: throttle.name,
      keyId: throttleKeyArn,
      base: taskDefinitions.base,
      ceiling: taskDefinitions.ceiling ?? null,
      pressureAlarms: names(tables.pressure),
      waitAlarms: names(tables.wait),
      steps: service.scaling.backPressure ? throttleSteps : [100],
      ...pace,
    });
  }
}

/** Fixed, unlike those of other alarms: the function asks for them by name, and is their action. */
function alarmName(name: string, key: string): string {
  return `${name}-${key}`;
}

function permissions(args: CapacityLadderArgs, alarmArns: pulumi.Output<string>[]): PolicyStatement[] {
  const { region, accountId, clusterName, serviceName, throttle, throttleKeyArn, taskDefinitions } = args;
  return [
    { Effect: "Allow", Action: "cloudwatch:DescribeAlarms", Resource: alarmArns },
    { Effect: "Allow", Action: ["ssm:GetParameter", "ssm:PutParameter"], Resource: throttle.arn },
    parameterKey(throttleKeyArn, region, throttle.arn, ["kms:Decrypt", "kms:Encrypt"]),
    ...(taskDefinitions.ceiling === undefined
      ? []
      : [
          {
            Effect: "Allow" as const,
            Action: ["ecs:DescribeServices", "ecs:UpdateService"],
            Resource: pulumi.interpolate`arn:aws:ecs:${region}:${accountId}:service/${clusterName}/${serviceName}`,
          },
        ]),
  ];
}
