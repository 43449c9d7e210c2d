// AWS components: the dashboard of one workload, annotated with what is deployed (RT-24, SA-12).
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import { dashboardBody, type Release } from "./dashboard-body";

/** One service as its alarms see it. */
export interface ObservedService {
  name: string;
  service: Service;
  clusterName: pulumi.Input<string>;
  ecsServiceName: pulumi.Input<string>;
  /** Namespace of its pods, if they run in EKS. */
  namespace?: string;
  /** Where the edge counts its requests, of a public service. */
  requests?: { loadBalancerArnSuffix: pulumi.Input<string>; targetGroupArnSuffix: pulumi.Input<string> };
  /** Dimensions under which it publishes its own metrics. */
  dimensions: Record<string, string>;
  /** Its alarms, by what they watch. */
  alarmArns: Record<string, pulumi.Input<string>>;
}

export interface WorkloadDashboardArgs {
  /** Such as `Sanctum`. */
  title: string;
  environment: string;
  region: string;
  release: Release;
  services: ObservedService[];
}

export class WorkloadDashboard extends pulumi.ComponentResource {
  readonly dashboardName: pulumi.Output<string>;

  constructor(name: string, args: WorkloadDashboardArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:WorkloadDashboard", name, {}, options);
    const { services, ...rest } = args;
    const body = pulumi
      // The specifications are plain; only what AWS names has to be waited for.
      .output(
        services.map(({ clusterName, ecsServiceName, requests, alarmArns }) => ({
          clusterName,
          ecsServiceName,
          requests,
          alarmArns,
        })),
      )
      .apply(known =>
        JSON.stringify(
          dashboardBody({
            ...rest,
            services: known.map((resolved, i) => ({ ...pick(services, i), ...resolved })),
          }),
        ),
      );
    const dashboard = new cloudwatch.Dashboard(
      name,
      // An account's dashboards are told apart by nothing but their names.
      { dashboardName: name, dashboardBody: body },
      { parent: this },
    );
    this.dashboardName = dashboard.dashboardName;
    this.registerOutputs({ dashboardName: this.dashboardName });
  }
}

function pick(services: readonly ObservedService[], i: number) {
  const found = services[i];
  if (!found) throw new Error(`\`services\` has no entry ${i}`);
  const { name, service, namespace, dimensions } = found;
  return { name, service, namespace, dimensions };
}
