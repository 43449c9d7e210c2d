// Tests: stands in for the nodes of an API server that has none: writes what one would say of its pods, until told to stop.
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiServer } from "./api-server";

export interface Pod {
  metadata: { name: string; namespace: string; uid: string; labels: Record<string, string> };
  spec: { containers: { name: string; image: string }[] };
}

export interface StandInNode {
  /** @throws what went wrong meanwhile */
  stop: () => Promise<void>;
}

/**
 * @param say writes about one pod, and is called once for each
 * @param namespace whose pods; default those of all
 */
export function standInNode(
  { kubectl }: ApiServer,
  say: (pod: Pod) => Promise<void>,
  { namespace, everyMs = 200 }: { namespace?: string; everyMs?: number } = {},
): StandInNode {
  const place = namespace ? ["--namespace", namespace] : ["--all-namespaces"];
  const stopped = new AbortController();
  const told = new Set<string>();
  const work = async () => {
    while (!stopped.signal.aborted) {
      const { items } = JSON.parse(await kubectl(["get", "pods", ...place, "--output", "json"])) as { items: Pod[] };
      const fresh = items.filter(({ metadata }) => !told.has(metadata.uid));
      await Promise.all(fresh.map(pod => say(pod).catch(unlessGone)));
      for (const { metadata } of fresh) told.add(metadata.uid);
      await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };
  const working = work();
  // Thrown by `stop`; until then it is nobody's.
  working.catch(() => undefined);
  return {
    stop: () => {
      stopped.abort();
      return working;
    },
  };
}

/** A pod may go while something is said of it. */
function unlessGone(error: unknown): void {
  if (!/\(NotFound\)/.test(String(error))) throw error;
}

/** Of a pod that runs and is ready. */
export function readyStatus({ spec }: Pick<Pod, "spec">): object {
  return {
    phase: "Running",
    podIP: "10.1.0.9",
    podIPs: [{ ip: "10.1.0.9" }],
    conditions: ["PodScheduled", "ContainersReady", "Ready"].map(type => ({
      type,
      status: "True",
      lastTransitionTime: `${new Date().toISOString().slice(0, 19)}Z`,
    })),
    containerStatuses: spec.containers.map(({ name, image }) => ({
      ...{ name, image, imageID: "", ready: true, started: true, restartCount: 0 },
      state: { running: {} },
    })),
  };
}
