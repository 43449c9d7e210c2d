// Workload model: the whole specification of one system (PF-1). Pure: it knows neither AWS nor Kubernetes.
import { z } from "zod";
import { environment, image, machine, port, resources, tmpfs } from "./container";
import { approvalFaults, queueFaults } from "./hand-off";
import { machineFaults } from "./machine-faults";
import { logFaults, memoryOnlyFaults } from "./memory-only";
import { metric, metricFaults } from "./metric";
import { dnsLabel } from "./names";
import { frontend, network } from "./network";
import { health, lifecycle, objectives, scaling, tracing } from "./operation";
import { operationFaults } from "./operation-faults";
import { faultsOf, SpecificationError } from "./specification-error";
import { approval, logStream, secrets, state, tenancy } from "./state";
import { volumeFaults } from "./volume-faults";
import { wholeFaults } from "./whole";

export const service = z.strictObject({
  /** What it does, for a person (SA-1). */
  description: z.string().min(1),
  /** What runs (RT-1). */
  image,
  /** A virtual machine in place of a container; none unless given (CP-1). */
  machine: machine.optional(),
  /** Ports it listens on; none unless given (SA-9). */
  ports: z.array(port).default([]),
  /** Variables of its process, by name; none unless given, and never a secret (IS-1, PF-7). */
  environment: environment.default({}),
  /** Bounds of one replica (RT-6, IS-8). */
  resources,
  /** Scratch space in memory; none unless given (RT-12). */
  tmpfs: z.array(tmpfs).default([]),
  /** How it is asked whether it is well; needed where traffic reaches it (RT-2). */
  health: health.optional(),
  /** How it starts, stops and is started again (RT-2, RT-4, RT-5). */
  lifecycle: lifecycle.default(() => lifecycle.parse({})),
  /** How many replicas there are, and what adds one (SA-12). */
  scaling,
  /** Who may call it, and whom it may call (SA-9, SA-13). */
  network,
  /** Limits its alarms are made from (SA-12, RT-22). */
  objectives: objectives.default(() => objectives.parse({})),
  /** Metrics it publishes itself (RT-24). */
  metrics: z.array(metric).default([]),
  /** What it writes; one `application` log on standard output unless given (RT-23). */
  logs: z.array(logStream).default([{ kind: "application" }]),
  /** Its spans; no traces unless given (RT-25). */
  tracing: tracing.optional(),
  /** Content lives in memory only: no disk, no volume, no dump, and logs of declared fields (SP-2, SP-6, SP-8). */
  memoryOnly: z.boolean().default(false),
  /** May run on capacity that is taken away at short notice, and costs less (CP-12). */
  interruptible: z.boolean().default(false),
});
export type Service = z.infer<typeof service>;

const shape = z.strictObject({
  /** Its name in the catalogue, in stack files and in the names of what is created (PF-1). */
  name: dnsLabel,
  /** Its name for a person (SA-1). */
  title: z.string().min(1),
  /** Its services by name, at least one (PF-1, SA-3). */
  services: z.record(dnsLabel, service).refine(s => Object.keys(s).length > 0, "at least one service"),
  /** What it keeps; nothing unless given (SA-7). */
  state: state.default(() => state.parse({})),
  /** What it needs to know and nobody may read, by variable; none unless given (SA-8). */
  secrets: secrets.default({}),
  /** Its browser application; none unless given (SA-11). */
  frontend: frontend.optional(),
  /** Its customers share one deployment; one customer unless given (SP-9). */
  tenancy: tenancy.optional(),
  /** Steps that wait for a person; none unless given (CP-11). */
  approvals: z.array(approval).default([]),
});

/** Schema of a workload, with every cross-reference checked. */
export const workload = shape.superRefine((w, context) => {
  for (const fault of crossFaults(w)) context.addIssue({ code: "custom", message: fault.message, path: fault.path });
});
export type Workload = z.infer<typeof workload>;
/** What an author writes: defaults may be left out. */
export type WorkloadInput = z.input<typeof workload>;

/**
 * Checks a specification and fills in its defaults.
 * @throws SpecificationError naming every fault with its path, if there is one.
 */
export function defineWorkload(input: WorkloadInput): Workload {
  const result = workload.safeParse(input);
  if (result.success) return result.data;
  const { issues } = result.error;
  // zod looks across fields only once each is sound; what holds of the sound services is said all the same.
  const across = issues.some(issue => issue.code === "custom") ? [] : wholeFaults({ services: soundServices(input) });
  throw new SpecificationError(input.name, [
    ...faultsOf(issues, input),
    ...across.map(({ path, message }) => ({ path: path.join("."), message })),
  ]);
}

function soundServices(input: WorkloadInput): Record<string, Service> {
  const parsed = Object.entries(input.services ?? {}).map(([name, s]) => [name, service.safeParse(s).data] as const);
  return Object.fromEntries(parsed.flatMap(([name, s]) => (s ? [[name, s]] : [])));
}

export interface Fault {
  path: (string | number)[];
  message: string;
}

function crossFaults(w: z.infer<typeof shape>): Fault[] {
  return [
    ...wholeFaults(w),
    ...Object.entries(w.services).flatMap(([name, s]) => serviceFaults(w, name, s)),
    ...references(w).flatMap(({ path, name }) =>
      w.services[name] ? [] : [{ path, message: `no service \`${name}\`; there are ${list(Object.keys(w.services))}` }],
    ),
    ...volumeFaults(w),
    ...queueFaults(w),
    ...approvalFaults(w),
  ];
}

function serviceFaults(w: z.infer<typeof shape>, name: string, s: Service): Fault[] {
  const at = (...path: (string | number)[]) => ["services", name, ...path];
  const faults: Fault[] = [];
  const ports = new Set<string>();
  const numbers = new Set<number>();
  for (const [i, p] of s.ports.entries()) {
    if (ports.has(p.name))
      faults.push({ path: at("ports", i, "name"), message: `port name \`${p.name}\` is used twice` });
    if (numbers.has(p.number))
      faults.push({ path: at("ports", i, "number"), message: `port ${p.number} is used twice` });
    ports.add(p.name);
    numbers.add(p.number);
  }
  if (s.health && !ports.has(s.health.port))
    faults.push({ path: at("health", "port"), message: `no port \`${s.health.port}\`; there are ${list([...ports])}` });
  if (s.health && s.health.timeoutSeconds >= s.health.intervalSeconds)
    faults.push({ path: at("health", "timeoutSeconds"), message: "must be shorter than `intervalSeconds`" });
  if (s.resources.floor && s.resources.floor.memoryMiB > s.resources.memoryMiB)
    faults.push({ path: at("resources", "floor", "memoryMiB"), message: "is above `memoryMiB` (IS-8)" });
  if (s.network.exposure !== "none" && s.ports.length === 0)
    faults.push({ path: at("ports"), message: `exposure \`${s.network.exposure}\` needs a port` });
  if (s.network.exposure !== "none" && !s.health)
    faults.push({ path: at("health"), message: "traffic is gated on health: a reachable service needs it (RT-2)" });
  if (s.network.exposure === "none" && s.network.callers.length > 0)
    faults.push({ path: at("network", "callers"), message: "exposure `none` has no callers" });
  for (const [i, p] of s.ports.entries())
    if (p.protocol === "http" && s.network.exposure !== "none")
      faults.push({
        path: at("ports", i, "protocol"),
        message: "a reachable port speaks TLS: `https` or `tcp` (SA-6)",
      });
  for (const [key, value] of Object.entries(s.environment)) {
    if (key in w.secrets) faults.push({ path: at("environment", key), message: "is also the name of a secret" });
    if (
      typeof value === "object" &&
      "endpointOf" in value &&
      !w.services[value.endpointOf]?.network.callers.includes(name)
    )
      faults.push({
        path: at("environment", key),
        message: `\`${name}\` is not among the callers of \`${value.endpointOf}\` (SA-13)`,
      });
    if (typeof value === "object" && "database" in value && !w.state[value.database]?.clients.includes(name))
      faults.push({
        path: at("environment", key),
        message: `\`${name}\` is not among the clients of \`state.${value.database}\` (SA-9)`,
      });
    if (typeof value === "object" && "bucket" in value && !w.state.buckets[value.bucket])
      faults.push({ path: at("environment", key), message: `no bucket \`${value.bucket}\` in \`state.buckets\`` });
  }
  faults.push(...metricFaults(s, at()));
  for (const [i, host] of s.network.egress.entries())
    if (typeof host === "object" && !(host.variable in s.environment))
      faults.push({
        path: at("network", "egress", i, "variable"),
        message: `no variable \`${host.variable}\` in \`environment\`; there are ${list(Object.keys(s.environment))}`,
      });
  faults.push(...memoryOnlyFaults(w, name, s), ...logFaults(w, name, s));
  for (const { path, message } of machineFaults(w, name, s)) faults.push({ path: at(...path), message });
  return [...faults, ...operationFaults(s).map(fault => ({ ...fault, path: at(...fault.path) }))];
}

/** Every place that names a service. */
function references(w: z.infer<typeof shape>): { path: (string | number)[]; name: string }[] {
  const found: { path: (string | number)[]; name: string }[] = [];
  const all = (names: readonly string[], ...path: (string | number)[]) => {
    for (const [i, name] of names.entries()) found.push({ path: [...path, i], name });
  };
  for (const [name, s] of Object.entries(w.services)) all(s.network.callers, "services", name, "network", "callers");
  for (const kind of ["postgres", "vectors"] as const) all(w.state[kind]?.clients ?? [], "state", kind, "clients");
  for (const [name, b] of Object.entries(w.state.buckets))
    for (const [prefix, access] of Object.entries(b.prefixes)) {
      all(access.readers, "state", "buckets", name, "prefixes", prefix, "readers");
      all(access.writers, "state", "buckets", name, "prefixes", prefix, "writers");
    }
  for (const [name, v] of Object.entries(w.state.volumes))
    for (const [i, m] of v.mounts.entries())
      found.push({ path: ["state", "volumes", name, "mounts", i, "service"], name: m.service });
  for (const [name, q] of Object.entries(w.state.queues)) {
    all(q.producers, "state", "queues", name, "producers");
    all(q.consumers, "state", "queues", name, "consumers");
  }
  for (const [name, s] of Object.entries(w.secrets)) all(s.readers, "secrets", name, "readers");
  for (const [i, a] of w.approvals.entries()) found.push({ path: ["approvals", i, "service"], name: a.service });
  if (w.frontend) found.push({ path: ["frontend", "api"], name: w.frontend.api });
  return found;
}

function list(names: readonly string[]): string {
  return names.length ? names.map(n => `\`${n}\``).join(", ") : "none";
}
