// AWS components: the way from the edge to one public service: a target group, and the rule that sends a host name to it (SA-6, SA-12).
import { createHash } from "node:crypto";
import * as lb from "@pulumi/aws/lb";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import { logicalName } from "./bounded-name";

export interface EdgeRouteArgs {
  service: Service;
  vpcId: pulumi.Input<string>;
  /** HTTPS listener of the edge. */
  listenerArn: pulumi.Input<string>;
  /** Host names that lead to the service, 1 to 5; everything else the edge answers with 404. */
  hostNames: string[];
  /** Order among the rules of the listener, 1 to 50000; each can be had once. */
  priority: number;
  /**
   * The service's pods are reached through the nodes they run on: `port` of a node leads to its pods, `healthPort` says
   * whether it has ready ones that are not leaving. Left out: its tasks are reached at their own addresses.
   */
  nodes?: { port: number; healthPort: number };
}

/** @throws Error if the service has no health or no HTTP port, or a host name or priority is not one the listener takes. */
export class EdgeRoute extends pulumi.ComponentResource {
  readonly targetGroupArn: pulumi.Output<string>;
  /** As CloudWatch's dimension `TargetGroup` has it. */
  readonly targetGroupArnSuffix: pulumi.Output<string>;

  constructor(name: string, args: EdgeRouteArgs, options?: pulumi.ComponentResourceOptions) {
    requireRule(args);
    super("palisade:aws:EdgeRoute", name, {}, options);
    const { traffic, health } = publicPorts(args.service);

    const group = new lb.TargetGroup(
      logicalName(name, "target-group"),
      {
        vpcId: args.vpcId,
        targetType: args.nodes ? "instance" : "ip",
        port: args.nodes?.port ?? traffic.number,
        protocol: traffic.protocol.toUpperCase(),
        // Requests under way when a task leaves have as long as the process has to stop (RT-4).
        deregistrationDelay: args.service.lifecycle.stopTimeoutSeconds,
        // Long answers, such as a model's, do not pile up on one replica.
        loadBalancingAlgorithmType: "least_outstanding_requests",
        healthCheck: {
          ...healthTarget(args),
          matcher: "200",
          interval: health.intervalSeconds,
          // The load balancer's own least.
          timeout: Math.max(health.timeoutSeconds, 2),
          healthyThreshold: health.healthyAfter,
          unhealthyThreshold: health.unhealthyAfter,
        },
      },
      { parent: this },
    );
    const rule = new lb.ListenerRule(
      name,
      {
        listenerArn: args.listenerArn,
        priority: args.priority,
        conditions: [{ hostHeader: { values: args.hostNames } }],
        actions: [{ type: "forward", targetGroupArn: group.arn }],
      },
      { parent: this },
    );

    // ECS refuses a target group that no load balancer uses yet.
    this.targetGroupArn = pulumi.all([group.arn, rule.id]).apply(([arn]) => arn);
    this.targetGroupArnSuffix = group.arnSuffix;
    this.registerOutputs({ targetGroupArn: this.targetGroupArn });
  }
}

/** Asked of the process itself; of a node, kube-proxy answers, and the kubelet asks the processes. */
function healthTarget({ service, nodes }: EdgeRouteArgs) {
  if (nodes) return { path: "/healthz", port: String(nodes.healthPort), protocol: "HTTP" };
  const { health, healthPort } = publicPorts(service);
  return { path: health.path, port: String(healthPort.number), protocol: healthPort.protocol.toUpperCase() };
}

/**
 * The ports the edge talks to: the first one for traffic, that of `health` for checks; they may be the same.
 * @throws Error if there are none the edge can talk to.
 */
export function publicPorts({ ports, health }: Service) {
  const [traffic] = ports;
  const healthPort = ports.find(port => port.name === health?.port);
  if (!traffic || !health || !healthPort) throw new Error("a public service needs `ports` and `health` (RT-2)");
  for (const port of [traffic, healthPort])
    if (port.protocol === "tcp")
      throw new Error(`port \`${port.name}\` speaks \`tcp\`; behind the edge allowed are \`https\` and \`http\``);
  return { traffic, health, healthPort };
}

/**
 * Priorities for the rules of all host names of an edge. Each is drawn from its name, so that a workload more or less
 * moves no other; only where two draw the same does the later in the alphabet take the next.
 */
export function rulePriorities(hostNames: readonly string[]): ReadonlyMap<string, number> {
  const taken = new Set<number>();
  return new Map(
    [...hostNames].sort().map(hostName => {
      let priority = (createHash("sha256").update(hostName).digest().readUInt32BE(0) % highestPriority) + 1;
      while (taken.has(priority)) priority = (priority % highestPriority) + 1;
      taken.add(priority);
      return [hostName, priority];
    }),
  );
}

const highestPriority = 50_000;

function requireRule({ hostNames, priority }: EdgeRouteArgs): void {
  if (hostNames.length < 1 || hostNames.length > 5)
    throw new Error(`\`hostNames\` has ${hostNames.length} names; a listener rule takes 1 to 5`);
  if (!Number.isInteger(priority) || priority < 1 || priority > highestPriority)
    throw new Error(`\`priority\` is ${priority}; allowed are 1 to ${highestPriority}`);
}
