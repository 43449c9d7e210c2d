// Render: a workload as a Compose file (IS-10). Pure data; what a host cannot hold is said at its top, never left out silently.
import { healthUrl, probeCommand } from "../workload/probe";
import type { Service, Workload } from "../workload/workload";
import { type HostContext, hostVariables } from "./host-environment";

export interface ComposeInputs extends Omit<HostContext, "hostOf"> {
  /** Digest of each service's image (RT-1). */
  images: Record<string, string>;
}

/** A file of the Compose specification, as a plain object. */
export type ComposeFile = Record<string, unknown>;

/** Directory of the volumes on the host, unless `DATA` names another. */
const dataDirectory = (workload: string) => `\${DATA:-/srv/${workload}}`;

/** @throws Error if a digest is missing, or the stack lacks what a variable asks for. */
export function composeFile(workload: Workload, inputs: ComposeInputs): ComposeFile {
  const services = Object.entries(workload.services).flatMap(([name, service]) =>
    containers(workload, name, service, inputs),
  );
  return { name: workload.name, services: Object.fromEntries(services), networks: networks(workload) };
}

/** What the operator has to know and to give, as comment lines above the file. */
export function composeNotes(workload: Workload, inputs: ComposeInputs): string[] {
  const supplied = new Map(
    Object.keys(workload.services).flatMap(name =>
      Object.entries(hostVariables(workload, name, { ...inputs, hostOf: to => to }).supplied),
    ),
  );
  const owners = Object.entries(workload.state.volumes).map(
    ([name, { ownerUser: id }]) => `  install -d -o ${id} -g ${id} -m 0750 ${dataDirectory(workload.name)}/${name}`,
  );
  return [
    `${workload.title}: made by \`palisade render ${workload.name} --format compose\`; change the specification, not this file.`,
    "REGISTRY is the registry that holds the images. These come from the shell, or from a file on tmpfs named by --env-file:",
    ...["REGISTRY", ...[...supplied.keys()].sort()].map(
      name => `  ${name}: ${supplied.get(name) ?? "host of the registry"}`,
    ),
    ...(owners.length > 0 ? ["The volumes are directories of the host, made beforehand:", ...owners] : []),
    ...limits(workload).map(limit => `Not held by Compose: ${limit}`),
  ];
}

/** Of the controls that the other homes hold, those a single host's engine cannot. */
function limits({ services, state }: Workload): string[] {
  return Object.entries(services)
    .flatMap(([name, { network, scaling, machine }]) => [
      ...(network.egress.length > 0
        ? [`the host names \`${name}\` may call (RT-27): put a filtering proxy in front of the network \`egress\`.`]
        : []),
      ...(scaling.maxReplicas > scaling.minReplicas
        ? [`scaling of \`${name}\` beyond ${scaling.minReplicas} (RT-6).`]
        : []),
      ...(machine ? [`\`${name}\` asks for a machine of its own; here it is a container.`] : []),
    ])
    .concat(state.postgres || state.vectors ? ["the databases: bring a PostgreSQL, and vectors with pgvector."] : []);
}

function containers(
  workload: Workload,
  name: string,
  service: Service,
  inputs: ComposeInputs,
): [string, Record<string, unknown>][] {
  const digest = inputs.images[name];
  if (!digest) throw new Error(`\`images\` has no digest for service \`${name}\` (RT-1)`);
  const { checkCommand } = service.lifecycle;
  const common = confined(workload, name, service, inputs, digest);
  const process = {
    ...common,
    ...(checkCommand && { depends_on: { [`${name}-check`]: { condition: "service_completed_successfully" } } }),
    ...(service.image.arguments && { command: service.image.arguments }),
    ...(service.network.exposure === "public" && { ports: published(service) }),
    ...(service.health && { healthcheck: healthcheck(service, service.health) }),
    stop_signal: "SIGTERM",
    stop_grace_period: `${service.lifecycle.stopTimeoutSeconds}s`,
    // A process that dies more often than its budget stays down (RT-5).
    restart: `on-failure:${service.lifecycle.restartBudget.restarts}`,
    deploy: { replicas: Math.max(service.scaling.minReplicas, 1), ...common.deploy },
  };
  if (!checkCommand) return [[name, process]];
  return [
    [`${name}-check`, { ...common, command: checkCommand, restart: "no", networks: networksOf(workload, name) }],
    [name, process],
  ];
}

/** As bounded as in the other homes: no root, no capability, nothing writable but what is named (RT-12, RT-27, SP-6). */
function confined(workload: Workload, name: string, service: Service, inputs: ComposeInputs, digest: string) {
  const { image, tmpfs } = service;
  const { literal, supplied } = hostVariables(workload, name, { ...inputs, hostOf: to => to });
  const mounts = mountsOf(workload, name);
  return {
    image: `\${REGISTRY:?the registry that holds the images}/${image.repository}@${digest}`,
    user: `${image.user}:${image.user}`,
    ...(image.command && { entrypoint: image.command }),
    environment: {
      ...Object.fromEntries(Object.entries(literal).map(([key, value]) => [key, value.replaceAll("$", "$$$$")])),
      ...Object.fromEntries(
        Object.entries(supplied).map(([key, what]) => [key, `\${${key}:?${what.replaceAll("}", "")}}`]),
      ),
    },
    init: true,
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    // The same as the limit of memory: nothing is ever swapped out.
    memswap_limit: `${service.resources.memoryMiB}m`,
    ulimits: { core: 0 },
    deploy: { resources: resources(service) },
    ...(tmpfs.length > 0 && {
      tmpfs: tmpfs.map(
        ({ path, sizeMiB }) => `${path}:rw,noexec,nosuid,nodev,size=${sizeMiB}m,uid=${image.user},gid=${image.user}`,
      ),
    }),
    ...(mounts.length > 0 && { volumes: mounts }),
    networks: networksOf(workload, name),
    logging: { driver: "journald", options: { tag: `${workload.name}/${name}` } },
  };
}

function mountsOf({ name: workload, state }: Workload, service: string) {
  return Object.entries(state.volumes).flatMap(([volume, { mounts }]) =>
    mounts
      .filter(mount => mount.service === service)
      .map(({ path, readOnly }) => ({
        type: "bind",
        source: `${dataDirectory(workload)}/${volume}`,
        target: path,
        read_only: readOnly,
        // A missing directory is an error, not a new one that root owns.
        bind: { create_host_path: false },
      })),
  );
}

/** The process ends TLS itself, so its port is the host's; each further replica takes the next one. */
function published({ ports, scaling }: Service): string[] {
  const replicas = Math.max(scaling.minReplicas, 1);
  return ports.map(({ number }) =>
    replicas === 1 ? `${number}:${number}` : `${number}-${number + replicas - 1}:${number}`,
  );
}

function healthcheck({ ports }: Service, health: NonNullable<Service["health"]>) {
  return {
    test: ["CMD-SHELL", probeCommand(healthUrl(health, ports), health.timeoutSeconds).replaceAll("$", "$$$$")],
    interval: `${health.intervalSeconds}s`,
    timeout: `${health.timeoutSeconds}s`,
    retries: health.unhealthyAfter,
    start_period: `${health.graceSeconds}s`,
  };
}

function resources({ resources: { cpuMillicores, memoryMiB, gpus } }: Service) {
  const gpu = { devices: [{ driver: "nvidia", count: gpus, capabilities: ["gpu"] }] };
  return {
    limits: { cpus: (cpuMillicores / 1000).toString(), memory: `${memoryMiB}M`, pids: 512 },
    ...(gpus > 0 && { reservations: gpu }),
  };
}

/** One network per service that is called, without a way out, and one with a way out for those that have one (SA-9, SP-13). */
function networks({ services }: Workload): Record<string, unknown> {
  const all = Object.entries(services);
  const called = all
    .filter(([, { network }]) => network.callers.length > 0)
    .map(([name]) => [name, { internal: true }]);
  const isolated = all.filter(([name]) => networksOf({ services }, name).includes("isolated"));
  return {
    ...Object.fromEntries(called),
    ...(all.some(([, { network }]) => network.egress.length > 0) && { egress: {} }),
    ...(all.some(([, { network }]) => network.exposure === "public") && { edge: {} }),
    ...(isolated.length > 0 && { isolated: { internal: true } }),
  };
}

function networksOf({ services }: Pick<Workload, "services">, name: string): string[] {
  const own = services[name]?.network;
  const calls = Object.entries(services).filter(([, { network }]) => network.callers.includes(name));
  const joined = [
    ...(own && own.callers.length > 0 ? [name] : []),
    ...calls.map(([to]) => to),
    ...(own && own.egress.length > 0 ? ["egress"] : []),
    ...(own?.exposure === "public" ? ["edge"] : []),
  ];
  return joined.length > 0 ? joined : ["isolated"];
}
