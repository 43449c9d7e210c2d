// Workload model: what a service with a `machine` cannot be, and what only it can be. Pure.
import type { Service } from "./workload";

interface Fault {
  path: (string | number)[];
  message: string;
}

interface Surroundings {
  services: Record<string, Service>;
  state: { volumes: Record<string, { mounts: { service: string }[] }> };
}

/** Units of the operating system and of the platform, which a delivery must not take the place of. */
const taken =
  /^(docker|containerd|ssh|sshd|cron|dbus|snapd|apparmor|chrony|user|getty|(cloud|systemd|palisade|snap|amazon)[-.@].*)(@.*)?\.service$/;

/** Least memory of a machine: half of it is the operating system's. */
export const machineMemoryMiB = 1024;

/** @returns what is wrong with one service, its paths below the service. */
export function machineFaults(all: Surroundings, name: string, service: Service): Fault[] {
  const { machine, network } = service;
  if (!machine)
    return network.egressRanges.length > 0
      ? [
          {
            path: ["network", "egressRanges"],
            message: "only a `machine` calls by address; a container calls the hosts of `egress`, by name",
          },
        ]
      : [];
  return [...unitFaults(machine.units), ...homeFaults(service), ...stateFaults(all, name), ...variableFaults(service)];
}

function unitFaults(units: readonly string[]): Fault[] {
  return units.flatMap((unit, i): Fault[] => {
    const path = ["machine", "units", i];
    if (units.indexOf(unit) < i) return [{ path, message: `unit \`${unit}\` is named twice` }];
    if (!/^[A-Za-z0-9]/.test(unit)) return [{ path, message: `\`${unit}\` does not begin with a letter or digit` }];
    if (taken.test(unit)) return [{ path, message: `\`${unit}\` is a unit of the operating system or the platform` }];
    return [];
  });
}

function variableFaults({ environment }: Service): Fault[] {
  return Object.entries(environment).flatMap(([variable, value]) =>
    typeof value === "string" && /[\r\n]/.test(value)
      ? [
          {
            path: ["environment", variable],
            message: "has more than one line; a `machine` passes variables of one line",
          },
        ]
      : [],
  );
}

function homeFaults({ resources, scaling, network, logs, tracing, interruptible }: Service): Fault[] {
  const fault = (wrong: boolean, path: string[], message: string): Fault[] => (wrong ? [{ path, message }] : []);
  return [
    ...fault(network.exposure !== "none", ["network", "exposure"], "a `machine` is reached by nobody: `none` (CP-6)"),
    ...fault(
      network.egress.length > 0 && network.egressRanges.length === 0,
      ["network", "egressRanges"],
      "a `machine` is held to addresses: name the ranges of the hosts in `egress` (CP-7)",
    ),
    ...fault(
      scaling.minReplicas !== scaling.maxReplicas,
      ["scaling", "maxReplicas"],
      "a `machine` does not scale: `minReplicas` and `maxReplicas` are the same",
    ),
    ...fault(
      resources.memoryMiB < machineMemoryMiB,
      ["resources", "memoryMiB"],
      `a \`machine\` has at least ${machineMemoryMiB}: its operating system needs room too`,
    ),
    ...fault(resources.gpus > 0, ["resources", "gpus"], "a `machine` has none; a service without `machine` may"),
    ...fault(!!resources.ceiling, ["resources", "ceiling"], "a `machine` keeps its size: no `ceiling`"),
    ...fault(interruptible, ["interruptible"], "a `machine` is not taken away at short notice"),
    ...fault(!!tracing, ["tracing"], "a `machine` runs no collector"),
    ...fault(
      logs.some(log => log.file !== undefined),
      ["logs"],
      "a `machine` logs to standard output: no `file` (CP-4)",
    ),
  ];
}

function stateFaults({ services, state }: Surroundings, name: string): Fault[] {
  const mounting = Object.keys(state.volumes).filter(volume =>
    state.volumes[volume]?.mounts.some(mount => mount.service === name),
  );
  const called = Object.keys(services).filter(other => services[other]?.network.callers.includes(name));
  return [
    ...mounting.map(volume => ({
      path: ["machine"],
      message: `keeps no state (CP-1), but mounts \`state.volumes.${volume}\``,
    })),
    ...called.map(other => ({
      path: ["machine"],
      message: `is outside the services' namespace, but is among the callers of \`${other}\``,
    })),
  ];
}
