// AWS components: the ways of one workload: each hop that its specification allows, opened on both sides, and those to AWS itself (SA-9, SA-13).
import { type Hop, hopsOf } from "../../workload/hops";
import type { Workload } from "../../workload/workload";
import type { SaasFoundation } from "./saas-foundation";
import type { ServiceCompute } from "./service-compute";
import { proxyPorts } from "./service-connect";
import type { WorkloadDatabases } from "./workload-databases";
import type { WorkloadEgress } from "./workload-egress";

export interface WorkloadHops {
  /** Name of the workload's component: rules are named after it. */
  component: string;
  workload: Workload;
  foundation: SaasFoundation;
  /** By name: the specification's services, and the platform's own beside them. */
  services: Record<string, ServiceCompute>;
  databases: WorkloadDatabases;
  /** None where the ways out are not tasks. */
  egress?: Pick<WorkloadEgress, "admit">;
}

const postgresPort = 5432;

export function openHops(hops: WorkloadHops): void {
  const { endpoints } = hops.foundation;
  for (const [name, compute] of Object.entries(hops.services)) {
    endpoints.admit(`${hops.component}-${name}`, compute.securityGroupId);
    compute.allowTo("aws-endpoints", { securityGroupId: endpoints.securityGroupId }, 443);
    compute.allowTo("s3", { prefixListId: endpoints.s3PrefixListId }, 443);
    hops.egress?.admit(name, compute.securityGroupId);
  }
  for (const hop of hopsOf(hops.workload)) openHop(hop, hops);
}

function openHop(hop: Hop, { component, workload, foundation, services, databases }: WorkloadHops): void {
  if (hop.kind === "service-to-store") {
    const [client, database] = [services[hop.from], databases[hop.to]];
    if (!client || !database) return;
    database.allowFrom(hop.from, client.securityGroupId);
    client.allowTo(hop.to, { securityGroupId: database.securityGroupId }, postgresPort);
    return;
  }
  const [server, specification] = [services[hop.to], workload.services[hop.to]];
  if (!server || !specification) return;
  if (hop.kind === "edge-to-service") {
    for (const port of server.edgePorts)
      foundation.edge?.allowTo(`${component}-${hop.to}`, server.securityGroupId, port);
    return;
  }
  const client = services[hop.from];
  if (!client) return;
  server.allowFrom(hop.from, client.securityGroupId);
  for (const port of server.callerPorts ?? proxyPorts(specification))
    client.allowTo(hop.to, { securityGroupId: server.securityGroupId }, port);
}
