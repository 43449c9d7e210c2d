// AWS components: deliveries to machines: a document of Systems Manager that restarts the units with an image, or goes back (CP-9).
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import type { DeliveryScriptArgs } from "./machine-delivery-script";
import { deliveryScript, healthSeconds } from "./machine-delivery-script";
import { unitsOf } from "./machine-settings";

export interface MachineDeliveryArgs
  extends Pick<DeliveryScriptArgs, "serviceName" | "service" | "region" | "logGroupName"> {
  /** Fixed name of the document, which pipelines and people run. */
  documentName: string;
  repositoryUrl: pulumi.Input<string>;
  /** What the stack says is delivered; a change of it is a delivery (RT-1). */
  imageDigest: pulumi.Input<string>;
  gitSha: string;
  /** Value of the tag `palisade:service` of the machines. */
  serviceTag: string;
  /** Wait until the delivery has succeeded everywhere, so that a failed one fails the update; false where no machine runs. */
  waitForSuccess: boolean;
}

/** Pulling an image takes a while; what comes after is bounded by the health of the units, both ways. */
const pullSeconds = 900;

/**
 * The stack's own release is delivered by an association: to every machine there is when it changes, and to each new one
 * when it comes up. So the stack's configuration in git says what runs, and reverting it goes back.
 */
export class MachineDelivery extends pulumi.ComponentResource {
  readonly documentName: pulumi.Output<string>;
  readonly documentArn: pulumi.Output<string>;

  constructor(name: string, args: MachineDeliveryArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:MachineDelivery", name, {}, options);
    const timeout = pullSeconds + 2 * healthSeconds(args.service) * unitsOf(args.serviceName, args.service).length;

    const document = new ssm.Document(
      name,
      {
        name: args.documentName,
        documentType: "Command",
        documentFormat: "JSON",
        targetType: "/AWS::EC2::Instance",
        content: pulumi
          .output(args.repositoryUrl)
          .apply(repositoryUrl => JSON.stringify(deliveryDocument({ ...args, repositoryUrl }, timeout))),
      },
      { parent: this },
    );
    new ssm.Association(
      name,
      {
        associationName: name,
        name: document.name,
        parameters: { ImageDigest: args.imageDigest, GitSha: args.gitSha },
        targets: [{ key: "tag:palisade:service", values: [args.serviceTag] }],
        // The next machine is not touched before this one is healthy, nor at all if it is not.
        maxConcurrency: "1",
        maxErrors: "0",
        ...(args.waitForSuccess && { waitForSuccessTimeoutSeconds: timeout + 900 }),
      },
      { parent: this },
    );
    this.documentName = document.name;
    this.documentArn = document.arn;
    this.registerOutputs({ documentName: this.documentName });
  }
}

/** Schema 2.2. Systems Manager holds the parameters against their patterns before anything reaches a machine. */
export function deliveryDocument(
  args: Omit<DeliveryScriptArgs, "imageDigest" | "gitSha" | "paths">,
  timeoutSeconds: number,
) {
  const parameter = (description: string, allowedPattern: string) => ({ type: "String", description, allowedPattern });
  const script = deliveryScript({ ...args, imageDigest: "{{ ImageDigest }}", gitSha: "{{ GitSha }}" });
  return {
    schemaVersion: "2.2",
    description: `Delivers an image of ${args.serviceName} by digest; with a former digest it goes back`,
    parameters: {
      ImageDigest: parameter("Digest of the image", "^sha256:[0-9a-f]{64}$"),
      GitSha: parameter("Git commit the image was built from", "^[0-9a-f]{40}$"),
    },
    mainSteps: [
      {
        action: "aws:runShellScript",
        name: "deliver",
        precondition: { StringEquals: ["platformType", "Linux"] },
        inputs: { timeoutSeconds: String(timeoutSeconds), runCommand: script.trimEnd().split("\n") },
      },
    ],
  };
}
