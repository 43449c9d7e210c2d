// RT-5: a release that ends again and again is stopped once it has used up its restarts, and everybody who looks is told why; a good one goes on from there.
import { readFile, writeFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import type { RunResult } from "../../../toolchain/run";
import { type LocalStack, pulumi } from "../../../toolchain/stack";
import { list, must, podsOf, type RunningStack, type RunningSystem } from "../running-system";

/**
 * Both are told something they refuse at their start. The machine has one replica, which is replaced; of the other an older
 * version serves beside the release.
 */
export const alone = { workload: "content-pipeline", service: "editorbot", namespace: "content-pipeline-dev" } as const;
export const beside = { workload: "sanctum", service: "ai-core", namespace: "sanctum-dev" } as const;
const refused = { [alone.service]: ["TELEGRAM_API_URL", "none"], [beside.service]: ["PORT", "none"] } as const;

type Service = typeof alone | typeof beside;

/** Begins a bad release of both: minutes go by until the budget of five restarts is used up, as the kubelet waits ever longer. */
export function releaseBadly({ stack }: RunningStack): Promise<RunResult> {
  return release(stack, true);
}

/** The same stack with what was wrong taken out. */
export function releaseWell({ stack }: RunningStack): Promise<RunResult> {
  return release(stack, false);
}

async function release(stack: LocalStack, isBad: boolean): Promise<RunResult> {
  const document = parseDocument(await readFile(stack.configFile, "utf8"));
  for (const { workload, service } of [alone, beside]) {
    const [variable, value] = refused[service];
    const place = ["config", "palisade:workloads", workload, "services", service, "environment", variable];
    if (isBad) document.setIn(place, value);
    else document.deleteIn(place);
  }
  await writeFile(stack.configFile, document.toString());
  return pulumi(stack, ["up", "--yes", "--skip-preview", "--suppress-progress", "--continue-on-error"]);
}

export interface Stopped {
  /** Why, as the annotation has it; none if it was not stopped. */
  halted: string;
  replicas: number;
  paused: boolean;
  /** Pods that are ready to serve. */
  ready: number;
  /** Messages of the events that tell of it. */
  events: string[];
  /** Pods that run, ready or not. */
  running: number;
}

export async function lookAt(system: RunningSystem, { namespace, service }: Service): Promise<Stopped> {
  const text = await must(system, "get", "deployment", service, "--namespace", namespace, "--output", "json");
  const { metadata, spec, status } = JSON.parse(text) as {
    metadata: { annotations: Record<string, string> };
    spec: { replicas: number; paused?: boolean };
    status: { readyReplicas?: number };
  };
  const events = await list<{ reason: string; message: string; involvedObject: { name: string } }>(
    system,
    "events",
    "--namespace",
    namespace,
  );
  return {
    halted: metadata.annotations["palisade.dev/halted"] ?? "",
    replicas: spec.replicas,
    paused: spec.paused ?? false,
    ready: status.readyReplicas ?? 0,
    events: events
      .filter(({ reason, involvedObject }) => reason === "RestartBudgetExhausted" && involvedObject.name === service)
      .map(({ message }) => message),
    running: (await podsOf(system, [namespace])).filter(({ part }) => part === `${namespace}/${service}`).length,
  };
}
