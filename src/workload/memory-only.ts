// Workload model: what a service that keeps its content in memory may not do, and what logs may hold (SP-6, SP-8, SP-15). Pure.
import { reservedFields } from "./declared-record";
import { textualFields } from "./telemetry-record";
import type { Service, Workload } from "./workload";

interface Fault {
  path: (string | number)[];
  message: string;
}

/** Where programs look for scratch space; elsewhere a tmpfs would be a place to keep things. */
const scratch = /^(\/tmp|\/run|\/dev\/shm)(\/|$)/;

/** Faults of a service with `memoryOnly`: every place outside its memory that its content could come to. */
export function memoryOnlyFaults({ state }: Pick<Workload, "state">, name: string, s: Service): Fault[] {
  if (!s.memoryOnly) return [];
  const at = (...path: (string | number)[]) => ["services", name, ...path];
  const fault = (path: (string | number)[], message: string) => ({ path, message: `${message} (SP-6)` });
  return [
    ...(s.machine ? [fault(at("machine"), "a memory-only service has no disk, so no machine")] : []),
    ...(s.image.command
      ? []
      : [fault(at("image", "command"), "is needed by a memory-only service: it is started with core dumps off")]),
    ...(s.tracing ? [fault(at("tracing"), "a memory-only service has no traces: a span takes any text")] : []),
    ...s.tmpfs.flatMap(({ path }, i) =>
      scratch.test(path) ? [] : [fault(at("tmpfs", i, "path"), "allowed are `/tmp`, `/run` and `/dev/shm`")],
    ),
    ...s.logs.flatMap((log, i) => [
      ...(log.file ? [fault(at("logs", i, "file"), "a memory-only service writes no files")] : []),
      ...(log.fields ? [] : [fault(at("logs", i, "fields"), "a memory-only service declares what its logs hold")]),
    ]),
    ...(["postgres", "vectors"] as const).flatMap(kind =>
      state[kind]?.clients.includes(name)
        ? [fault(["state", kind, "clients"], `memory-only service \`${name}\` keeps nothing in a database`)]
        : [],
    ),
    ...Object.entries(state.buckets).flatMap(([bucket, { prefixes }]) =>
      Object.entries(prefixes)
        .filter(([, { writers }]) => writers.includes(name))
        .map(([prefix]) =>
          fault(["state", "buckets", bucket, "prefixes", prefix, "writers"], `\`${name}\` is memory-only`),
        ),
    ),
    ...Object.entries(state.volumes)
      .filter(([, { mounts }]) => mounts.some(mount => mount.service === name))
      .map(([volume]) => fault(["state", "volumes", volume, "mounts"], `\`${name}\` is memory-only`)),
    ...Object.entries(state.queues)
      .filter(([, { producers }]) => producers.includes(name))
      .map(([queue]) => fault(["state", "queues", queue, "producers"], `\`${name}\` is memory-only`)),
  ];
}

/** Faults of declared logs: what a compliance log persists is declared, and telemetry cannot carry text. */
export function logFaults({ tenancy }: Pick<Workload, "tenancy">, name: string, s: Service): Fault[] {
  const reserved = [...reservedFields, ...(tenancy ? [tenancy.claim] : [])];
  return s.logs.flatMap(({ kind, file, fields }, i): Fault[] => {
    const at = (...path: string[]) => ["services", name, "logs", i, ...path];
    const names = Object.keys(fields ?? {});
    const twice = !file && s.logs.findIndex(other => other.kind === kind && !other.file) < i;
    return [
      ...(twice ? [{ path: at("kind"), message: `standard output has \`${kind}\` already` }] : []),
      ...(fields && file ? [{ path: at("fields"), message: "are those of standard output; a `file` has none" }] : []),
      ...(fields && kind === "audit"
        ? [{ path: at("fields"), message: "an audit log is kept as it comes; allowed are other kinds" }]
        : []),
      ...(!fields && !file && (kind === "compliance" || kind === "telemetry")
        ? [{ path: at("fields"), message: `\`${kind}\` records hold declared fields only (SP-8, SP-15)` }]
        : []),
      ...(kind === "telemetry" ? textualFields(fields ?? {}) : []).map(field => ({
        path: at("fields", field),
        message: "telemetry holds `number`, `ratio`, `boolean` and `oneOf` only: no field may carry text (SP-15)",
      })),
      ...names
        .filter(field => reserved.includes(field))
        .map(field => ({ path: at("fields", field), message: "is a name that the platform gives" })),
    ];
  });
}
