// AWS components: a workload service as ECS container definitions. Pure: everything is resolved before it comes here.
import { healthUrl, probeCommand } from "../../workload/probe";
import type { Service } from "../../workload/workload";
import { withoutCoreDumps } from "./core-dumps";
import { cpuUnits } from "./fargate-size";
import type { Mount, Sidecar } from "./sidecar";

export interface ContainerInputs {
  /** Name of the container: that of the service. */
  name: string;
  /** `repository@sha256:…` (RT-1). */
  image: string;
  environment: Record<string, string>;
  /** ARNs of secrets by the environment variable each becomes (SA-8). */
  secretArns: Record<string, string>;
  logGroupName: string;
  region: string;
  /** Where the process sees the task's volumes (IS-3). */
  mounts?: Mount[];
  /** Containers of the platform in the same task. */
  sidecars?: ResolvedSidecar[];
  /** Probe to run in the container instead of the platform's, for an image without a shell. */
  healthCommand?: string[];
}

/** A sidecar whose outputs are known. */
export interface ResolvedSidecar extends Omit<Sidecar, "image" | "environment" | "secretArns"> {
  image: string;
  environment?: Record<string, string>;
  secretArns?: Record<string, string>;
}

/** What Palisade sets of ECS's `ContainerDefinition`. */
export interface ContainerDefinition {
  name: string;
  image: string;
  essential: boolean;
  user: string;
  privileged: false;
  readonlyRootFilesystem: true;
  entryPoint?: string[];
  command?: string[];
  cpu?: number;
  memory?: number;
  portMappings?: { name: string; containerPort: number; protocol: "tcp"; appProtocol?: "http" }[];
  environment: { name: string; value: string }[];
  secrets: { name: string; valueFrom: string }[];
  linuxParameters: {
    initProcessEnabled: true;
    capabilities: { drop: ["ALL"] };
    tmpfs: { containerPath: string; size: number; mountOptions: string[] }[];
  };
  mountPoints: { sourceVolume: string; containerPath: string; readOnly: boolean }[];
  logConfiguration: { logDriver: "awslogs" | "awsfirelens"; options: Record<string, string> };
  firelensConfiguration?: { type: "fluentbit"; options: Record<string, string> };
  dependsOn?: { containerName: string; condition: "SUCCESS" | "START" }[];
  healthCheck?: { command: string[]; interval: number; timeout: number; retries: number; startPeriod: number };
  stopTimeout?: number;
  restartPolicy?: { enabled: true; restartAttemptPeriod: number };
}

/**
 * The containers of one task: the check, if the service has one, the process, and the platform's own beside it.
 *
 * Fargate takes no `ulimits` but `nofile`, so a memory-only service is started with core dumps off; of any other, a dump
 * has nowhere to go but the tmpfs mounts, since the root file system is read-only. There is no swap either (SP-6).
 * @throws Error for an image without digest, a name that is both a variable and a secret, or two log routers.
 */
export function containerDefinitions(service: Service, inputs: ContainerInputs): ContainerDefinition[] {
  const { sidecars = [] } = inputs;
  requireDigest(inputs.image);
  for (const { image } of sidecars) requireDigest(image);
  requireDistinct(inputs);
  const routers = sidecars.filter(sidecar => sidecar.firelens);
  if (routers.length > 1)
    throw new Error(`\`sidecars\` has ${routers.length} with \`firelens\`; allowed is one log router per task`);
  const { checkCommand } = service.lifecycle;
  const check = checkCommand && checkContainer(service, inputs, checkCommand);
  const before = [
    ...(check ? [{ containerName: check.name, condition: "SUCCESS" as const }] : []),
    ...sidecars.map(({ name }) => ({ containerName: `${inputs.name}-${name}`, condition: "START" as const })),
  ];
  return [
    ...(check ? [check] : []),
    { ...processContainer(service, inputs), ...(before.length > 0 && { dependsOn: before }) },
    ...sidecars.map(sidecar => sidecarContainer(sidecar, inputs)),
  ];
}

/** @throws Error unless the reference ends in a digest (RT-1). */
export function requireDigest(image: string): void {
  if (!/^[^@\s]+@sha256:[0-9a-f]{64}$/.test(image))
    throw new Error(`\`image\` is \`${image}\`; allowed is a repository with a digest, \`repository@sha256:…\``);
}

function processContainer(service: Service, inputs: ContainerInputs): ContainerDefinition {
  const { resources, image, lifecycle } = service;
  return {
    ...bounds(service, inputs),
    name: inputs.name,
    essential: true,
    ...(image.arguments && { command: image.arguments }),
    cpu: cpuUnits(resources.cpuMillicores),
    memory: resources.memoryMiB,
    portMappings: service.ports.map(port => ({
      name: port.name,
      containerPort: port.number,
      protocol: "tcp",
      // Left out, Service Connect passes bytes: what the process itself encrypts must not be parsed as HTTP.
      ...(port.protocol === "http" && { appProtocol: "http" }),
    })),
    ...healthCheck(service, inputs.healthCommand),
    // Fargate's own bounds are 2 and 120.
    stopTimeout: Math.max(lifecycle.stopTimeoutSeconds, 2),
    restartPolicy: { enabled: true, restartAttemptPeriod: restartPeriodSeconds(lifecycle.restartBudget) },
  };
}

/** Runs `checkCommand` as arguments of the image's entry point; the process starts once it has ended in zero (RT-2). */
function checkContainer(service: Service, inputs: ContainerInputs, command: string[]): ContainerDefinition {
  // ECS refuses a dependency on the success of an essential container.
  return { ...bounds(service, inputs), name: `${inputs.name}-check`, essential: false, command };
}

/** A container of the platform: as bounded as the process; its own output goes to the service's log group. */
function sidecarContainer(sidecar: ResolvedSidecar, inputs: ContainerInputs): ContainerDefinition {
  const { resources, entryPoint, command, environment = {}, secretArns = {}, mounts = [] } = sidecar;
  const name = `${inputs.name}-${sidecar.name}`;
  return {
    ...confinement({ user: sidecar.user, tmpfs: sidecar.tmpfs ?? [], mounts, environment, secretArns }),
    name,
    image: sidecar.image,
    // A task whose log router or collector has died would go on unseen.
    essential: true,
    ...(entryPoint && { entryPoint }),
    ...(command && { command }),
    cpu: cpuUnits(resources.cpuMillicores),
    memory: resources.memoryMiB,
    ...(sidecar.firelens && {
      firelensConfiguration: { type: "fluentbit" as const, options: sidecar.firelens.options },
    }),
    logConfiguration: { logDriver: "awslogs", options: awslogs({ ...inputs, name }, false) },
  };
}

/** What holds for every container of the service: its image, what it runs as, what it sees, where it logs to. */
function bounds({ image, tmpfs, logs, memoryOnly }: Service, inputs: ContainerInputs) {
  const router = inputs.sidecars?.find(sidecar => sidecar.firelens);
  const evidence = logs.some(log => log.kind !== "application" && !log.file);
  return {
    ...confinement({ ...inputs, user: image.user, tmpfs, mounts: inputs.mounts ?? [] }),
    image: inputs.image,
    ...(image.command && { entryPoint: memoryOnly ? withoutCoreDumps(image.command) : image.command }),
    logConfiguration: router
      ? { logDriver: "awsfirelens" as const, options: router.processLogOptions ?? {} }
      : { logDriver: "awslogs" as const, options: awslogs(inputs, evidence) },
  };
}

interface Confinement {
  user: number;
  tmpfs: { path: string; sizeMiB: number }[];
  mounts: Mount[];
  environment: Record<string, string>;
  secretArns: Record<string, string>;
}

/** Non-root, without privileges, on a root file system nobody can write to (RT-12, RT-27). */
function confinement({ user, tmpfs, mounts, environment, secretArns }: Confinement) {
  return {
    // The group as well: a user id alone runs in group 0.
    user: `${user}:${user}`,
    privileged: false as const,
    readonlyRootFilesystem: true as const,
    environment: sorted(environment).map(([name, value]) => ({ name, value })),
    secrets: sorted(secretArns).map(([name, valueFrom]) => ({ name, valueFrom })),
    mountPoints: mounts.map(({ volume, path, readOnly }) => ({ sourceVolume: volume, containerPath: path, readOnly })),
    linuxParameters: {
      initProcessEnabled: true as const,
      capabilities: { drop: ["ALL"] as ["ALL"] },
      // Fargate has tmpfs since January 2026; it counts against the container's memory.
      tmpfs: tmpfs.map(({ path, sizeMiB }) => ({
        containerPath: path,
        size: sizeMiB,
        mountOptions: ["rw", "noexec", "nosuid", "nodev"],
      })),
    },
  };
}

/** A slow log service must not stop a process, but an audit entry must not be dropped for it (SP-14). */
function awslogs(
  { logGroupName, region, name }: Pick<ContainerInputs, "logGroupName" | "region" | "name">,
  evidence: boolean,
): Record<string, string> {
  return {
    "awslogs-group": logGroupName,
    "awslogs-region": region,
    "awslogs-stream-prefix": name,
    ...(evidence ? { mode: "blocking" } : { mode: "non-blocking", "max-buffer-size": "25m" }),
  };
}

/** Behind an edge the load balancer asks; everywhere else the container asks itself (RT-2). */
export function healthCheck({ health, network, ports }: Service, healthCommand?: string[]) {
  if (!health || network.exposure === "public") return {};
  const url = healthUrl(health, ports);
  const timeout = Math.max(health.timeoutSeconds, 2);
  return {
    healthCheck: {
      command: healthCommand ? ["CMD", ...healthCommand] : ["CMD-SHELL", probeCommand(url, timeout)],
      interval: health.intervalSeconds,
      timeout,
      retries: health.unhealthyAfter,
      startPeriod: Math.min(health.graceSeconds, 300),
    },
  };
}

/**
 * Seconds a container must have run before ECS restarts it: the restart budget, evenly spread (RT-5). One that dies
 * sooner ends its task. The circuit breaker judges a rollout; at any other time the restart brake counts, and stops the
 * service.
 */
function restartPeriodSeconds({ restarts, windowMinutes }: Service["lifecycle"]["restartBudget"]): number {
  return Math.min(Math.max(Math.ceil((windowMinutes * 60) / restarts), 60), 1800);
}

/** In one order, so that the same inputs make the same task definition. */
function sorted(record: Record<string, string>): [string, string][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

function requireDistinct({ environment, secretArns }: ContainerInputs): void {
  const both = Object.keys(environment).filter(name => name in secretArns);
  if (both.length > 0)
    throw new Error(`\`environment\` and \`secretArns\` both set ${both.map(name => `\`${name}\``).join(", ")}`);
}
