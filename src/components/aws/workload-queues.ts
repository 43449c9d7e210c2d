// AWS components: the queues of one workload, and what each service may do with them (CP-3, CP-11, CP-12).
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import type { Workload } from "../../workload/workload";
import { releaseRole } from "./release-role";
import type { SaasFoundation } from "./saas-foundation";
import type { ServiceContributor, ServiceParts } from "./service-parts";
import { keyUse } from "./statements";
import { WorkQueue } from "./work-queue";

export interface WorkloadQueuesArgs {
  /** State and approvals of the specification. */
  workload: Pick<Workload, "name" | "state" | "approvals">;
  foundation: Pick<SaasFoundation, "keys" | "alarmTopic">;
  region: string;
  accountId: pulumi.Input<string>;
}

export class WorkloadQueues extends pulumi.ComponentResource implements ServiceContributor {
  private readonly queues: Record<string, WorkQueue>;
  private readonly releaseRoles: Record<string, pulumi.Output<string>> = {};

  constructor(
    private readonly component: string,
    private readonly args: WorkloadQueuesArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:WorkloadQueues", component, {}, options);
    const { state, approvals } = args.workload;
    const released = new Set(approvals.map(approval => approval.releasesTo));
    this.queues = Object.fromEntries(
      Object.entries(state.queues).map(([name, queue]) => [name, this.make(name, queue, released.has(name))]),
    );
    this.registerOutputs({ urls: Object.fromEntries(Object.keys(this.queues).map(q => [q, this.find(q).url])) });
  }

  /** @throws Error if the workload has no such queue. */
  find(name: string): WorkQueue {
    const queue = this.queues[name];
    if (!queue) throw new Error(`no queue \`${name}\`; there are ${Object.keys(this.queues).join(", ") || "none"}`);
    return queue;
  }

  /**
   * Role of the one automation that may send to a queue an approval releases to (CP-11).
   * @throws Error if no approval releases to it.
   */
  releaseRoleOf(name: string): pulumi.Output<string> {
    const arn = this.releaseRoles[name];
    if (!arn) throw new Error(`no approval releases to queue \`${name}\``);
    return arn;
  }

  /** Permissions on exactly its queues, and the address of each as `QUEUE_<NAME>_URL` (CP-3). */
  partsFor(serviceName: string): ServiceParts {
    const statements: PolicyStatement[] = [];
    const environment: Record<string, pulumi.Input<string>> = {};
    for (const [name, { dataClass, producers, consumers }] of Object.entries(this.args.workload.state.queues)) {
      const [sends, takes] = [producers.includes(serviceName), consumers.includes(serviceName)];
      if (!sends && !takes) continue;
      const queue = this.find(name);
      const keyArn = this.args.foundation.keys.arnOf(dataClass);
      if (sends) statements.push(allow(queue, send));
      if (takes) statements.push(allow(queue, take));
      statements.push(keyUse(keyArn, "sqs", this.args.region, sends ? ["GenerateDataKey", "Decrypt"] : ["Decrypt"]));
      environment[`QUEUE_${name.toUpperCase().replaceAll("-", "_")}_URL`] = queue.url;
    }
    return { statements, environment };
  }

  private make(name: string, queue: Workload["state"]["queues"][string], released: boolean): WorkQueue {
    const { foundation, region, accountId } = this.args;
    const child = `${this.component}-${name}`;
    const keyArn = foundation.keys.arnOf(queue.dataClass);
    const role = released
      ? releaseRole(child, { region, accountId, workload: this.args.workload.name }, this)
      : undefined;
    const made = new WorkQueue(
      child,
      {
        keyArn,
        visibilitySeconds: queue.visibilitySeconds,
        topicArn: foundation.alarmTopic.arn,
        statements: queueArn => (role ? [onlyBy(role.arn, queueArn)] : []),
      },
      { parent: this },
    );
    if (role) this.releaseRoles[name] = role.admitTo({ queueArn: made.arn, keyArn });
    return made;
  }
}

const send = ["sqs:SendMessage", "sqs:GetQueueAttributes"];
const take = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"];

function allow(queue: WorkQueue, actions: string[]): PolicyStatement {
  return { Effect: "Allow", Action: actions, Resource: queue.arn };
}

/** No permission of any identity lifts a denial: administrators are held by it as well, moving dead letters back included. */
function onlyBy(roleArn: pulumi.Output<string>, queueArn: pulumi.Output<string>): PolicyStatement {
  return {
    Sid: "DenyAllButTheApproval",
    Effect: "Deny",
    Principal: "*",
    Action: "sqs:SendMessage",
    Resource: queueArn,
    Condition: { ArnNotEquals: { "aws:PrincipalArn": roleArn } },
  };
}
