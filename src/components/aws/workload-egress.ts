// AWS components: the ways out of one workload. Each service that calls hosts outside has an egress proxy of its own (RT-27).
import * as pulumi from "@pulumi/pulumi";
import { egressOf } from "../../workload/egress";
import type { Service, Workload } from "../../workload/workload";
import { egressProxyPort, proxyVariables } from "./egress-acl";
import { EgressProxy, type EgressProxyArgs } from "./egress-proxy";
import type { ServiceContributor, ServiceParts } from "./service-parts";

export interface WorkloadEgressArgs
  extends Omit<EgressProxyArgs, "proxyName" | "workloadName" | "callerName" | "egress" | "waitForSteadyState"> {
  workload: Workload;
  /** False in a local AWS: do not wait for what it cannot do; see `localGaps`. */
  awaitReality: boolean;
}

export class WorkloadEgress extends pulumi.ComponentResource implements ServiceContributor {
  private readonly proxies: Map<string, EgressProxy>;
  private readonly workload: Workload;

  constructor(name: string, args: WorkloadEgressArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:WorkloadEgress", name, {}, options);
    const { workload, awaitReality, ...common } = args;
    this.workload = workload;
    this.proxies = new Map(
      callersOf(workload).map(([callerName, service]) => [
        callerName,
        new EgressProxy(
          `${name}-${callerName}-egress`,
          {
            ...common,
            workloadName: workload.name,
            callerName,
            proxyName: `${workload.name}-${callerName}-egress`,
            egress: egressOf(service),
            waitForSteadyState: awaitReality,
          },
          { parent: this },
        ),
      ]),
    );
    this.registerOutputs({});
  }

  partsFor(serviceName: string): ServiceParts {
    const proxy = this.proxies.get(serviceName);
    if (!proxy) return {};
    return {
      environment: proxyVariables<pulumi.Input<string>>(proxy.url, this.calledBy(serviceName)),
      peers: [{ name: "egress", peer: { securityGroupId: proxy.securityGroupId }, port: egressProxyPort }],
    };
  }

  /** The other side of the peer: lets a service's tasks in at its own proxy, if it has one. */
  admit(serviceName: string, securityGroupId: pulumi.Input<string>): void {
    this.proxies.get(serviceName)?.admit(securityGroupId);
  }

  private calledBy(serviceName: string): string[] {
    const called = ([, { network }]: [string, Service]) => network.callers.includes(serviceName);
    return Object.entries(this.workload.services)
      .filter(called)
      .map(([name]) => name);
  }
}

/** Services with hosts to call. A machine is no task of the cluster, so it has no proxy there. */
function callersOf({ services }: Workload): [string, Service][] {
  return Object.entries(services).filter(([, { network, machine }]) => network.egress.length > 0 && !machine);
}
