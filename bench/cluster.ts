// Benchmarks: `npm run bench:cluster`. From `pulumi up` to all systems healthy, against `kubectl apply` of the very same objects.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClusterRoom, openClusterRoom, stackValues } from "../test/cluster/local-stack";
import { Failure } from "../toolchain/failure";
import { step } from "../toolchain/progress";
import { forwardInterrupts } from "../toolchain/run";
import { type LocalStack, pulumi } from "../toolchain/stack";
import { median, rounded } from "./statistics";

/** Odd, so that each median is one of the samples. */
const ROUNDS = 3;
const TARGET = 1.2;
const READY_MS = 600_000;
const POLL_MS = 250;

export interface ClusterCase {
  name: string;
  /** Median of `pulumi up` over median of `kubectl apply` and waiting. */
  wallRatio: number;
  target: { wallRatio: number };
  targetMet: boolean;
  /** Seconds of each round, in the order they were taken. */
  raw: { up: number[]; kubectl: number[] };
  facts: { objects: number };
}

interface KubernetesInputs {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

/**
 * Measures on a cluster of its own, which is gone afterwards. A first round, which is not counted, pulls the images.
 * @throws Failure if an update fails or the objects do not become ready
 */
export async function benchCluster(): Promise<ClusterCase[]> {
  forwardInterrupts();
  const room = await openClusterRoom();
  try {
    const stack = await room.stack("bench", stackValues(room));
    const pulling = step("a first update, which pulls the images");
    await must(stack, "up");
    const objects = await objectsOf(stack);
    const file = join(room.directory, "objects.json");
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }), { mode: 0o600 });
    await must(stack, "destroy");
    pulling.done();
    const raw = { up: [] as number[], kubectl: [] as number[] };
    for (let round = 1; round <= ROUNDS; round++) {
      const measuring = step(`round ${round} of ${ROUNDS}`);
      raw.kubectl.push(await timed(() => applied(room, file, objects)));
      await removed(room, file);
      raw.up.push(await timed(() => must(stack, "up")));
      await must(stack, "destroy");
      measuring.done();
    }
    const wallRatio = rounded(median(raw.up) / median(raw.kubectl), 3);
    const name = "from `pulumi up` to all healthy against `kubectl apply` of the same objects";
    const facts = { objects: objects.length };
    return [{ name, wallRatio, target: { wallRatio: TARGET }, targetMet: wallRatio <= TARGET, raw, facts }];
  } finally {
    await room.close();
  }
}

/** Two lines for people. */
export function describeCluster({ name, wallRatio, target, targetMet, raw, facts }: ClusterCase): string {
  const seconds = (values: readonly number[]) => values.map(value => `${value.toFixed(1)} s`).join(", ");
  const verdict = `${wallRatio} (target: at most ${target.wallRatio}, ${targetMet ? "met" : "missed"})`;
  return `${name}: ${verdict}; ${facts.objects} objects\n  up: ${seconds(raw.up)}; kubectl: ${seconds(raw.kubectl)}\n`;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function must(stack: LocalStack, command: "up" | "destroy"): Promise<void> {
  const { code, stdout, stderr } = await pulumi(stack, [command, "--yes", "--skip-preview", "--suppress-progress"]);
  if (code !== 0) throw new Failure(`\`pulumi ${command}\` ended with ${code}:\n${stdout.slice(-4000)}${stderr}`, "");
}

/** As the engine sent them to the cluster, Secrets with their values, in the order they were made. */
async function objectsOf(stack: LocalStack): Promise<KubernetesInputs[]> {
  const { code, stdout, stderr } = await pulumi(stack, ["stack", "export", "--show-secrets"]);
  if (code !== 0) throw new Failure(`the state cannot be read: ${stderr}`, "");
  const { deployment } = JSON.parse(stdout) as {
    deployment: { resources: { type: string; inputs?: Record<string, unknown> }[] };
  };
  return deployment.resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => withoutMarks(inputs) as KubernetesInputs);
}

/** The engine wraps a secret in a mark, and keeps its value as JSON. */
function withoutMarks(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutMarks);
  if (typeof node !== "object" || node === null) return node;
  if ("4dabf18193072939515e22adb298388d" in node && "plaintext" in node)
    return withoutMarks(JSON.parse(String(node.plaintext)));
  const kept = Object.entries(node).filter(([key]) => key !== "__defaults");
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutMarks(value)]));
}

async function applied(room: ClusterRoom, file: string, objects: readonly KubernetesInputs[]): Promise<void> {
  const { code, stderr } = await room.kubectl("apply", "--server-side", "--filename", file);
  if (code !== 0) throw new Failure(`\`kubectl apply\` ended with ${code}:\n${stderr}`, "");
  const namespaces = new Set(objects.flatMap(({ kind, metadata }) => (kind === "Namespace" ? [metadata.name] : [])));
  const deadline = Date.now() + READY_MS;
  while (!(await ready(room, namespaces))) {
    if (Date.now() > deadline) throw new Failure("the objects did not become ready in ten minutes", "");
    await sleep(POLL_MS);
  }
}

interface Controller {
  kind: string;
  metadata: { namespace: string; generation: number };
  spec: { replicas?: number };
  status: {
    observedGeneration?: number;
    availableReplicas?: number;
    desiredNumberScheduled?: number;
    numberAvailable?: number;
    succeeded?: number;
  };
}

/** What the engine waits for too: all replicas of all controllers, ready for as long as they have to be, and the end of Jobs. */
async function ready(room: ClusterRoom, namespaces: ReadonlySet<string>): Promise<boolean> {
  const kinds = "deployments,statefulsets,daemonsets,jobs";
  const { code, stdout } = await room.kubectl("get", kinds, "--all-namespaces", "--output", "json");
  if (code !== 0) return false;
  const { items } = JSON.parse(stdout) as { items: Controller[] };
  return items
    .filter(({ metadata }) => namespaces.has(metadata.namespace))
    .every(({ kind, metadata, spec, status }) => {
      if (kind === "Job") return (status.succeeded ?? 0) > 0;
      if (status.observedGeneration !== metadata.generation) return false;
      const wanted = status.desiredNumberScheduled ?? spec.replicas ?? 1;
      return (status.numberAvailable ?? status.availableReplicas ?? 0) >= wanted;
    });
}

async function removed(room: ClusterRoom, file: string): Promise<void> {
  const { code, stderr } = await room.kubectl("delete", "--ignore-not-found", "--wait", "--filename", file);
  if (code !== 0) throw new Failure(`\`kubectl delete\` ended with ${code}:\n${stderr}`, "");
}
