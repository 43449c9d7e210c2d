// RT-30, IS-1, IS-4, RT-21: while all that runs is replaced: the router never polls twice at once and answers each message once, ISS answers every call, and each pulse that it acknowledged is in its chain.
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../kube";
import {
  clusterAddress,
  type Load,
  must,
  podsOf,
  type RunningSystem,
  stackNamespaces,
  startLoad,
} from "../running-system";
import { edgePod, withAuthority } from "./rollout";
import { telegram } from "./router";

const namespace = "iss-dev";
const host = `api.${namespace}.svc`;
/** Chat of one persona. */
const chat = 1001;

/** Calls go on for so long before what is tried begins, and after it ended. */
const aroundMs = 3_000;
/** Between two messages; the router answers one chat every three seconds, and a burst at once. */
const everyMs = 4_000;

export interface Carried {
  /** Pulses over new connections, and over kept ones. */
  fresh: Load;
  kept: Load;
  /** Lines that came into ISS's chain meanwhile, and whether the whole still fits together. */
  written: number;
  intact: boolean;
  /** Messages that the router got meanwhile, and its answers. */
  messages: number;
  answers: number;
  /** Polls that began beside one over another connection, whose own end no poller can have in its hand: `WHO beside WHOM`. */
  overlaps: string[];
}

/** What callers of ISS and people who write to the router see while `work` goes on. */
export async function whileCalled<Result>(
  system: RunningSystem,
  work: () => Promise<Result>,
): Promise<{ result: Result; carried: Carried }> {
  const caller = await edgePod(system);
  const url = `https://${await clusterAddress(system, namespace, "api")}:8000/time/pulse`;
  return withAuthority(system, namespace, "api", async authority => {
    const before = await chain(system);
    await telegram.reset(system);
    const trust = ["-ca", authority, "-name", host, "-rate", "10", "-timeout", "10s", "-url", url];
    const loads = [startLoad(system, caller, ...trust, "-fresh"), startLoad(system, caller, ...trust)];
    const writing = startWriting(system);
    await sleep(aroundMs);
    const ended = await work().then(
      result => ({ result }),
      (error: unknown) => ({ error }),
    );
    await sleep(aroundMs);
    const messages = await writing.stop();
    const [fresh, kept] = await Promise.all(loads.map(load => load.stop()));
    if ("error" in ended) throw ended.error;
    if (!fresh || !kept) throw new Error("nobody called");
    const after = await chain(system);
    const answered = async () => (await telegram.sent(system)).filter(sent => sent.chat_id === chat).length;
    const answers = await eventually(answered, count => count >= messages, 60_000);
    const who = writing.who;
    const overlaps = (await telegram.allPolls(system)).flatMap(({ by, began, overlap = [] }) =>
      overlap.filter(other => other !== by).map(other => `${began}: ${who(by)} beside ${who(other)}`),
    );
    const written = after.length - before.length;
    return {
      result: ended.result,
      carried: { fresh, kept, written, intact: after.intact, messages, answers, overlaps },
    };
  });
}

/** Somebody writes to the router again and again, until they stop, and sees whose addresses the callers have. */
function startWriting(system: RunningSystem): { stop(): Promise<number>; who(address: string): string } {
  const stopping = new AbortController();
  const names = new Map<string, string>();
  const work = async () => {
    for (let count = 0; ; count++) {
      if (stopping.signal.aborted) return count;
      await telegram.write(system, chat, `message ${count}`, 1);
      for (const { address, namespace, name } of await podsOf(system, stackNamespaces))
        names.set(address, `${namespace}/${name}`);
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const written = work();
  return {
    who: address => `${names.get(address.split(":")[0] ?? "") ?? "somebody"} (${address})`,
    stop: () => {
      stopping.abort();
      return written;
    },
  };
}

/** As the volume itself has it. */
async function chain(system: RunningSystem): Promise<{ intact: boolean; length: number }> {
  await must(system, "rollout", "status", "deployment/api", "--namespace", namespace, "--timeout", "120s");
  const [pod] = (await podsOf(system, [namespace])).filter(({ part }) => part === `${namespace}/api`);
  const args = [
    "exec",
    "--namespace",
    namespace,
    pod?.name ?? "",
    "--container",
    "api",
    "--",
    "./startup.sh",
    "verify",
  ];
  const { stdout, stderr } = await system.room.kubectl(...args);
  if (stdout === "") throw new Error(`the chain cannot be read: ${stderr}`);
  return JSON.parse(stdout) as { intact: boolean; length: number };
}
