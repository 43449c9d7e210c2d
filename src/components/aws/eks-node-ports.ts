// AWS components: the ports of nodes by which the edge reaches public services in EKS. Pure (SA-6, SA-12).
import { createHash } from "node:crypto";

/** Kubernetes' own range for ports of nodes. */
const first = 30_000;
const count = 2768;

export interface NodePorts {
  /** Leads to the service's pods on that node. */
  port: number;
  /** Says whether that node has ready ones. */
  healthPort: number;
}

/**
 * Ports of all public services of a cluster, by `<workload>/<service>`. Each is drawn from its name, so that a service more
 * or less moves no other; only where two draw the same does the later in the alphabet take the next.
 */
export function nodePorts(services: readonly string[]): ReadonlyMap<string, NodePorts> {
  const taken = new Set<number>();
  const draw = (name: string): number => {
    let port = createHash("sha256").update(name).digest().readUInt32BE(0) % count;
    while (taken.has(port)) port = (port + 1) % count;
    taken.add(port);
    return first + port;
  };
  if (services.length > count / 2)
    throw new Error(`\`services\` has ${services.length} names; a cluster has ports for ${count / 2}`);
  return new Map([...services].sort().map(name => [name, { port: draw(name), healthPort: draw(`${name}/health`) }]));
}
