// Kubernetes components: the pod of one service, put together from its concerns. Pure.

import type { Service } from "../../workload/workload";
import { withoutCoreDumps } from "../aws/core-dumps";
import type { ClusterHome } from "./cluster-home";
import { container } from "./container";
import { nodeAffinity, tolerations } from "./gpu";
import { gracePeriodSeconds, lifecycleHooks } from "./lifecycle";
import { unitsOfPod } from "./machine";
import { labelsOf, selectorOf } from "./object";
import type { Container, PodParts } from "./pod-parts";
import { probes } from "./probes";
import type { Bounds } from "./resources";
import { podSecurityContext } from "./security-context";
import { antiAffinity, spread } from "./spread";
import { scratch, volumeOwner } from "./volumes";

/** One service, with all that the rest of its workload adds to it. */
export interface PodInputs {
  home: ClusterHome;
  /** Name of the service. */
  name: string;
  service: Service;
  /** `repository@sha256:…` (RT-1). */
  image: string;
  parts: Required<PodParts>;
  /** Probe to run in the container, for a port that speaks no HTTP. */
  healthCommand?: readonly string[];
  /** Whether it resolves names: it has somebody to call. */
  resolvesNames: boolean;
  /** Each revision's pods have a label of their own: those of a Deployment. */
  perRevision: boolean;
}

/**
 * Template of the pod: the check, the platform's own containers, which start before the process and end after it, and the
 * process itself. A memory-only service has no volume but memory, starts with core dumps off, and is of the class
 * `Guaranteed`, whose pods the kubelet gives no swap; the node itself must have none for its tmpfs, or a kernel from 6.3
 * on, which mounts it unswappable (SP-6).
 */
export function podTemplate(inputs: PodInputs) {
  const { home, name, service, parts } = inputs;
  const selector = selectorOf(home.workload.name, name);
  const { volumes } = scratch(service);
  const initial = initContainers(inputs);
  return {
    metadata: {
      labels: labelsOf(home.workload.name, name),
      ...(Object.keys(parts.podAnnotations).length > 0 && { annotations: parts.podAnnotations }),
    },
    spec: {
      serviceAccountName: name,
      // A token comes as a volume of its own, where there are rules for it.
      automountServiceAccountToken: false,
      // Else every process finds the addresses of all services in its environment.
      enableServiceLinks: false,
      securityContext: podSecurityContext({
        user: service.image.user,
        fsGroup: volumeOwner(home.workload, name),
      }),
      terminationGracePeriodSeconds: gracePeriodSeconds(service),
      ...(!inputs.resolvesNames && noNames),
      ...(initial.length > 0 && { initContainers: initial }),
      containers: processes(inputs),
      volumes: [...volumes, ...parts.volumes],
      affinity: { podAntiAffinity: antiAffinity(selector), ...nodeAffinity(service) },
      ...spread(selector, inputs.perRevision),
      ...tolerations(service),
    },
  };
}

/** A resolver that is not there: a question fails at once in place of leaving the pod (SP-13). */
const noNames = { dnsPolicy: "None", dnsConfig: { nameservers: ["127.0.0.1"] } };

function initContainers(inputs: PodInputs): Container[] {
  const { parts, service } = inputs;
  const { checkCommand } = service.lifecycle;
  return [
    ...parts.initContainers,
    // As init containers that stay: they are there before the process, and outlive it.
    ...parts.sidecars.map(sidecar => ({ ...sidecar, restartPolicy: "Always" })),
    ...(checkCommand ? [check(inputs, checkCommand)] : []),
  ];
}

/** Runs `checkCommand` as arguments of the image's entry point; the process starts once it has ended in zero (RT-2). */
function check(inputs: PodInputs, args: string[]): Container {
  const { cpuMillicores, memoryMiB } = inputs.service.resources;
  return process(inputs, `${inputs.name}-check`, { bounds: { cpuMillicores, memoryMiB }, args });
}

function processes(inputs: PodInputs): Container[] {
  const { name, service, healthCommand } = inputs;
  return unitsOfPod(name, service).map(({ container: unit, variables, bounds }) =>
    process(inputs, unit, {
      bounds: { ...bounds, gpus: service.resources.gpus },
      args: service.image.arguments,
      variables,
      ports: service.ports,
      more: { ...probes(service, healthCommand), ...lifecycleHooks(service) },
    }),
  );
}

interface ProcessInputs {
  bounds: Bounds;
  args?: string[];
  variables?: Record<string, string>;
  ports?: Service["ports"];
  more?: Record<string, unknown>;
}

function process({ service, image, parts }: PodInputs, name: string, inputs: ProcessInputs): Container {
  const { bounds, args, variables, ports, more } = inputs;
  const { command } = service.image;
  return container({
    name,
    image,
    command: command && (service.memoryOnly ? withoutCoreDumps(command) : command),
    args,
    bounds: { ...bounds, cpuCeilingMillicores: cpuCeiling(service, bounds) },
    environment: { ...parts.environment, ...variables },
    secretEnvironment: parts.secretEnvironment,
    mounts: [...scratch(service).mounts, ...parts.mounts],
    ports,
    more,
  });
}

/** Swap is for pods that ask for less than they may take; one that holds content in memory is none of them (SP-6). */
function cpuCeiling({ memoryOnly, resources }: Service, { cpuMillicores }: Bounds): number | undefined {
  return memoryOnly ? cpuMillicores : resources.ceiling?.cpuMillicores;
}
