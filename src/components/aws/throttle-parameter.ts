// AWS components: the parameter in which a service reads how much of its own rate it may take, and its capacity ladder keeps its state (RT-7).
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import type { ServiceParts } from "./service-parts";

export interface ThrottleParameterArgs {
  region: string;
  /** Key of data class `secrets`: parameters are encrypted like them (SA-7). */
  keyArn: pulumi.Input<string>;
  description: string;
}

/** What is in it before the ladder's first step; see `lambda/capacity_ladder.py`. */
const unthrottled = JSON.stringify({ percent: 100 });

export class ThrottleParameter extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  /** What the service needs to read it: the variable `THROTTLE_PARAMETER` and the right to. */
  readonly parts: ServiceParts;

  constructor(name: string, args: ThrottleParameterArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:ThrottleParameter", name, {}, options);
    const { region, keyArn, description } = args;
    const parameter = new ssm.Parameter(
      name,
      { description, type: "SecureString", keyId: keyArn, value: unthrottled },
      // From the first step on the value is the ladder's.
      { parent: this, ignoreChanges: ["value"] },
    );
    this.name = parameter.name;
    this.arn = parameter.arn;
    this.parts = {
      environment: { THROTTLE_PARAMETER: parameter.name },
      statements: [
        { Effect: "Allow", Action: "ssm:GetParameter", Resource: parameter.arn },
        parameterKey(keyArn, region, parameter.arn, ["kms:Decrypt"]),
      ],
    };
    this.registerOutputs({ name: this.name });
  }
}

/** Use of a key for one parameter, and for no other thing that it encrypts. */
export function parameterKey(
  keyArn: pulumi.Input<string>,
  region: string,
  parameterArn: pulumi.Input<string>,
  actions: ("kms:Decrypt" | "kms:Encrypt")[],
) {
  return {
    Effect: "Allow" as const,
    Action: actions,
    Resource: keyArn,
    Condition: {
      StringEquals: {
        "kms:ViaService": `ssm.${region}.amazonaws.com`,
        "kms:EncryptionContext:PARAMETER_ARN": parameterArn,
      },
    },
  };
}

/** Whether a service has a capacity ladder: something to hold back with, or something to grow to. */
export function hasLadder({ scaling, resources }: Service): boolean {
  return scaling.backPressure !== undefined || resources.ceiling !== undefined;
}
