// AWS components: the services of one workload, each on what its specification asks for: tasks, a machine, a burst of GPU tasks (SA-3, CP-1, CP-12).
import type * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import type { MachineParameters } from "./machine-parameters";
import { type MachineHandles, MachineService } from "./machine-service";
import type { SaasWorkloadArgs } from "./saas-workload-args";
import type { ServiceCompute } from "./service-compute";
import type { ServiceContributor } from "./service-parts";
import type { WorkloadBuckets } from "./workload-buckets";
import type { ObservedService } from "./workload-dashboard";
import { WorkloadService, type WorkloadServiceArgs } from "./workload-service";

/** What the rest of the workload has for its services. */
export interface ServiceSupplies extends Pick<WorkloadServiceArgs, "registry" | "secrets" | "databases" | "queues"> {
  buckets: WorkloadBuckets;
  /** Parameters of its machines; needed by a service with `machine`. */
  parameters?: MachineParameters;
  contributors: readonly ServiceContributor[];
}

/** Not a component: the services are children of their workload. */
export class WorkloadServices {
  readonly computes: Record<string, ServiceCompute> = {};
  /** What a dashboard shows. */
  readonly observed: ObservedService[] = [];
  /** ARNs of the alarms of each service, by what they watch (RT-22). */
  readonly alarms: Record<string, ObservedService["alarmArns"]> = {};
  /** What people need to work with each machine (CP-5, CP-6, CP-9). */
  readonly machines: Record<string, MachineHandles> = {};

  /**
   * @param only services that are made here; default all.
   * @throws Error if a service has neither a digest nor a build (RT-1).
   */
  constructor(
    private readonly component: string,
    private readonly args: SaasWorkloadArgs,
    private readonly supplies: ServiceSupplies,
    private readonly parent: pulumi.Resource,
    only: (service: Service) => boolean = () => true,
  ) {
    for (const [name, service] of Object.entries(args.workload.services).filter(([, service]) => only(service)))
      this.computes[name] = this.make(name, service);
  }

  private make(serviceName: string, service: Service): ServiceCompute {
    const { awaitReality, hostName, rulePriority } = this.args;
    const { parameters } = this.supplies;
    const name = `${this.component}-${serviceName}`;
    const child = { parent: this.parent };
    const common = this.common(serviceName, service);
    if (service.machine && parameters) {
      const machine = new MachineService(name, { ...common, parameters, waitForDelivery: awaitReality }, child);
      this.alarms[serviceName] = machine.alarmArns;
      this.machines[serviceName] = machine.handles;
      return machine;
    }
    const { compute, observed } = new WorkloadService(
      name,
      { ...common, rule: { hostNames: [hostName], priority: rulePriority }, waitForSteadyState: awaitReality },
      child,
    );
    this.observed.push(observed);
    this.alarms[serviceName] = observed.alarmArns;
    return compute;
  }

  private common(serviceName: string, service: Service) {
    const { workload, foundation, environment, region, accountId, release, logDays, ...args } = this.args;
    const { contributors, buckets, registry, secrets, databases, queues } = this.supplies;
    return {
      registry,
      secrets,
      databases,
      queues,
      workload,
      serviceName,
      service,
      foundation,
      accountId,
      logDays,
      imageDigest: this.digest(serviceName, service),
      parts: contributors.map(contributor => contributor.partsFor(serviceName)),
      context: {
        environment,
        region,
        buildSha: release.buildSha,
        publicOrigin: `https://${args.hostName}`,
        frontendOrigin: args.frontendOrigin,
        buckets: buckets.names,
      },
    };
  }

  private digest(serviceName: string, service: Service): pulumi.Input<string> {
    return imageDigest(serviceName, service, this.args, this.supplies, this.parent);
  }
}

/** @throws Error if a service has neither a digest nor a build (RT-1). */
export function imageDigest(
  serviceName: string,
  { image }: Service,
  { images, buildImage }: Pick<SaasWorkloadArgs, "images" | "buildImage">,
  { registry }: Pick<ServiceSupplies, "registry">,
  parent: pulumi.Resource,
): pulumi.Input<string> {
  const digest = images[serviceName] ?? buildImage?.(serviceName, registry.urlOf(image.repository), parent);
  if (!digest) throw new Error(`\`images\` has no digest for service \`${serviceName}\` (RT-1)`);
  return digest;
}
