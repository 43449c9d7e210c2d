// Kubernetes components: all objects of one service, be it of the specification or of the platform, from one table of its concerns.
import type { Service } from "../../workload/workload";
import { autoscaler } from "./autoscaler";
import { certificateParts, certificatePlan } from "./certificates";
import type { ClusterHome } from "./cluster-home";
import { configAnnotations } from "./config-and-secrets";
import { controllerObject, controllerOf } from "./deployment";
import { disruptionBudget } from "./disruption-budget";
import { wayIn } from "./ingress";
import { apiServerWays, hopWays, policyOf, rangeWays } from "./network-policies";
import type { KubernetesObject } from "./object";
import { combineParts, type PodParts } from "./pod-parts";
import { clusterServices } from "./service";
import { accountObjects, tokenParts } from "./service-account";
import type { WorkloadObjects } from "./workload-objects";

export interface ServiceInputs {
  /** Name of the service: that of its objects. */
  name: string;
  service: Service;
  /** `repository@sha256:…` (RT-1). */
  image: string;
  /** What the rest of the workload adds to it, its own variables included. */
  parts: readonly PodParts[];
  /** Probe to run in the container, for a port that speaks no HTTP. */
  healthCommand?: readonly string[];
  /** ConfigMaps among which are those it mounts: what changes them replaces its pods. */
  configMaps?: readonly KubernetesObject[];
}

/**
 * An account, a certificate, a policy, a controller, and what names, spreads, scales and guards it.
 * @throws Error if two parts set the same variable, or the image has no digest.
 */
export function objectsOfService(home: ClusterHome, inputs: ServiceInputs): WorkloadObjects {
  const { name, service, image, healthCommand, configMaps = [] } = inputs;
  const { workload, namespace, hostName } = home;
  const added = combineParts([...inputs.parts, certificateParts(home, name, service)]);
  const parts = combineParts([
    added,
    tokenParts(added.rules),
    { podAnnotations: configAnnotations(configMaps, added.volumes) },
  ]);
  const hops = hopWays(home, name);
  const ways = {
    ingress: [...hops.ingress, ...parts.ingress],
    egress: [...hops.egress, ...rangeWays(service), ...parts.egress, ...apiServerWays(home, parts.rules)],
  };
  const controller = controllerOf(workload, name);
  const edge = wayIn(home, name, service);
  return {
    objects: [
      policyOf(home, name, ways),
      ...accountObjects({ workload: workload.name, namespace, name, rules: parts.rules }),
      ...clusterServices({
        workload: workload.name,
        namespace,
        name,
        service,
        controller,
        annotations: edge.serviceAnnotations,
      }),
      controllerObject({
        home,
        name,
        service,
        image,
        parts,
        healthCommand,
        resolvesNames: ways.egress.length > 0,
      }),
      ...disruptionBudget(home, name, service),
      ...autoscaler(home, name, service, controller),
      ...edge.objects,
    ],
    secrets: [
      certificatePlan({
        workload: workload.name,
        part: name,
        namespace,
        hostNames: service.network.exposure === "public" ? [hostName] : [],
      }),
    ],
  };
}
