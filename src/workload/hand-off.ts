// Workload model: what must hold between queues, approvals and the services at both ends of them (CP-11, CP-12). Pure.
import type { Fault, Workload } from "./workload";

type Parts = Pick<Workload, "services" | "state" | "approvals">;

/** The one class whose key admits the notifications of S3, through which an approval learns of new objects (SA-7). */
export const notifyingClass = "artifacts";

/** A queue that nothing sends to never has work; a service without replicas needs one to be woken by. */
export function queueFaults({ services, state, approvals }: Parts): Fault[] {
  const released = new Set(approvals.map(approval => approval.releasesTo));
  return [
    ...Object.entries(state.queues).flatMap(([name, { producers }]): Fault[] => {
      const path = ["state", "queues", name, "producers"];
      if (released.has(name))
        return producers.length > 0
          ? [{ path, message: "an approval releases to this queue: a producer could bypass it (CP-11)" }]
          : [];
      return producers.length > 0 ? [] : [{ path, message: "nobody sends to this queue: at least one service" }];
    }),
    ...Object.entries(services).flatMap(([name, { scaling }]): Fault[] => {
      if (scaling.minReplicas > 0) return [];
      const woken = scaling.targets.some(target => target.metric === "queue-wait") && queuesOf(state, name).length > 0;
      if (woken) return [];
      const message = "0 replicas start again only for a `queue-wait` target on a queue the service consumes (CP-12)";
      return [{ path: ["services", name, "scaling", "minReplicas"], message }];
    }),
  ];
}

/** Queues whose messages a service takes. */
export function queuesOf(state: Workload["state"], serviceName: string): string[] {
  return Object.keys(state.queues).filter(name => state.queues[name]?.consumers.includes(serviceName));
}

/** Whether it has a bucket with a copy in a second region. */
export function hasReplica({ state }: Pick<Workload, "state">): boolean {
  return Object.values(state.buckets).some(bucket => bucket.replicated);
}

export function approvalFaults({ state, approvals }: Parts): Fault[] {
  return approvals.flatMap(({ name, service, of, releasesTo }, i) => {
    const faults: Fault[] = [];
    const fault = (message: string, ...path: string[]) => faults.push({ path: ["approvals", i, ...path], message });
    const others = approvals.slice(0, i);
    const bucket = state.buckets[of.bucket];
    const queue = state.queues[releasesTo];
    if (others.some(other => other.name === name)) fault(`name \`${name}\` is used twice`, "name");
    if (!bucket) fault(`no bucket \`${of.bucket}\`; there are ${list(state.buckets)}`, "of", "bucket");
    else if (bucket.dataClass !== notifyingClass)
      fault(`is of class \`${bucket.dataClass}\`; allowed is \`${notifyingClass}\``, "of", "bucket");
    const access = bucket?.prefixes[of.prefix];
    if (bucket && !access) fault(`no prefix \`${of.prefix}\`; there are ${list(bucket.prefixes)}`, "of", "prefix");
    if (access && !access.readers.includes(service))
      fault(`\`${service}\` is not among the readers of \`${of.prefix}\` (CP-3)`, "service");
    // S3 refuses two notifications of one event for one object.
    const twin = others.find(other => other.of.bucket === of.bucket && overlap(other.of.prefix, of.prefix));
    if (twin) fault(`overlaps with that of approval \`${twin.name}\``, "of", "prefix");
    if (!queue) fault(`no queue \`${releasesTo}\`; there are ${list(state.queues)}`, "releasesTo");
    else if (!queue.consumers.includes(service))
      fault(`\`${service}\` is not among the consumers of \`${releasesTo}\``, "service");
    if (others.some(other => other.releasesTo === releasesTo))
      fault(`another approval releases to \`${releasesTo}\`; each has a queue of its own`, "releasesTo");
    return faults;
  });
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function list(record: Record<string, unknown>): string {
  const names = Object.keys(record);
  return names.length > 0 ? names.map(name => `\`${name}\``).join(", ") : "none";
}
