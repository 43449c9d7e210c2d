// RT-4, SA-10: at SIGTERM a process ends what it has begun within 30 s and then ends well; what it had not begun is somebody else's, and nothing is lost.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../kube";
import { must, type Pod, podsOf, type RunningSystem, runInNetworkOf } from "../running-system";
import { edgePod, withAuthority } from "./rollout";
import { agents, holder, pollers, telegram } from "./router";

export interface Ended {
  /** From the deletion, when the kubelet is told, to the end of the last process. */
  seconds: number;
  /** Exit code of the service's own container. */
  exitCode: number | undefined;
  /** What it wrote from then on. */
  log: string;
}

/** Chats of two personas. Of each the router takes twenty at once, and then one every three seconds: the rest waits in its queue. */
const chats = [1001, 1002];
const perChat = 24;

export interface Drained extends Ended {
  /** Messages that Telegram still held when the router was told to end: those in its queue among them. */
  underWay: number;
  /** Depth of its queue at its end, by its own record; none if it wrote none. */
  depth: number | undefined;
  written: number;
  answered: number;
  /** Calls of the agents for one message beside the first. */
  twice: number;
  waiting: number;
  overlaps: number;
}

/** Messages wait in the queue of the active router and its agents are slow: that is when it is told to end. */
export async function drainRouter(system: RunningSystem): Promise<Drained> {
  await Promise.all([telegram.reset(system), agents.reset(system)]);
  await agents.slow(system, 2000);
  try {
    for (const chat of chats) await telegram.write(system, chat, `message of ${chat}`, perChat);
    await eventually(
      async () => (await telegram.state(system)).waiting,
      waiting => waiting > 0,
    );
    await sleep(1000);
    const name = await holder(system);
    const active = (await pollers(system)).find(pod => pod.name === name);
    if (!active) throw new Error(`lease \`poller\` is held by \`${name}\`, which is no pod`);
    const underWay = (await telegram.state(system)).waiting;
    const ended = await endPod(system, active, "poller");
    const written = chats.length * perChat;
    const answered = await eventually(
      async () => (await telegram.sent(system)).length,
      count => count >= written,
      90_000,
    );
    const state = await eventually(
      () => telegram.state(system),
      ({ waiting }) => waiting === 0,
      30_000,
    );
    const ids = (await agents.calls(system)).filter(({ status }) => status === 200).map(({ id }) => id);
    const twice = ids.length - new Set(ids).size;
    return { ...ended, underWay, depth: depthIn(ended.log), written, answered, twice, ...state };
  } finally {
    await agents.slow(system, 0);
  }
}

function depthIn(log: string): number | undefined {
  const records = log
    .split("\n")
    .filter(line => line.startsWith("{"))
    .map(line => JSON.parse(line) as { event: string; attributes?: Record<string, number> });
  return records.find(({ event }) => event === "queue.drained")?.attributes?.["queue.depth"];
}

/** A caller is in the middle of sending a script when ScriptPulse's replica is told to end. */
export async function drainScriptPulse(system: RunningSystem): Promise<Ended & { status: string }> {
  const namespace = "scriptpulse-dev";
  const host = `api.${namespace}.svc`;
  const caller = await edgePod(system);
  const pod = (await podsOf(system, [namespace])).find(({ part }) => part === `${namespace}/api`);
  if (!pod) throw new Error("ScriptPulse has no replica");
  const directory = await mkdtemp(join(tmpdir(), "palisade-script-"));
  try {
    const script = join(directory, "script.txt");
    await writeFile(script, "INT. ROOM - DAY\nSomebody waits.\n".repeat(1500));
    return await withAuthority(system, namespace, "api", async authority => {
      const headers = ["x-tenant-id: acme", "x-api-role: WRITER", "Content-Type: text/plain"];
      // 48 000 bytes at 4 000 a second.
      const args = ["-sS", "--http1.1", "--limit-rate", "4000", "--data-binary", `@${script}`, "--cacert", authority];
      const out = ["--output", "/dev/null", "--write-out", "%{http_code}", "--resolve", `${host}:8443:${pod.address}`];
      const given = headers.flatMap(header => ["--header", header]);
      const asked = runInNetworkOf(caller, "curl", ...args, ...out, ...given, `https://${host}:8443/v1/analyse`);
      await sleep(2000);
      const ended = await endPod(system, pod, "api");
      const { stdout, stderr } = await asked;
      return { ...ended, status: stdout || stderr };
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Deletes a pod as an update does, and watches it end. */
async function endPod(system: RunningSystem, pod: Pod, container: string): Promise<Ended> {
  const log = follow(
    system,
    "logs",
    "--follow",
    "--since",
    "1s",
    "--namespace",
    pod.namespace,
    pod.name,
    "--container",
    container,
  );
  const path = `jsonpath={.status.containerStatuses[?(@.name=="${container}")].state.terminated.exitCode}{"\\n"}`;
  const codes = follow(system, "get", "pod", pod.name, "--namespace", pod.namespace, "--watch", "--output", path);
  await sleep(500);
  const began = Date.now();
  await must(system, "delete", "pod", pod.name, "--namespace", pod.namespace, "--wait=false");
  await must(system, "wait", "--for=delete", `pod/${pod.name}`, "--namespace", pod.namespace, "--timeout=60s");
  const seconds = (Date.now() - began) / 1000;
  await sleep(300);
  const said = (await codes.stop()).split("\n").filter(line => line !== "");
  return { seconds, exitCode: said.length > 0 ? Number(said[0]) : undefined, log: await log.stop() };
}

/** What kubectl writes until it is told to stop. */
function follow({ room }: RunningSystem, ...args: string[]): { stop(): Promise<string> } {
  const { binaries, kubeconfig } = room.cluster;
  const child = spawn(binaries.kubectl, ["--kubeconfig", kubeconfig, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const ended = once(child, "close");
  return {
    async stop() {
      child.kill("SIGTERM");
      await ended;
      return text;
    },
  };
}
