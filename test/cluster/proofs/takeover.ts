// RT-30: the passive router polls within 15 s of the active one's death, and no two ever poll at once, even if one is only thought dead.
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../kube";
import { type Pod, processesOf, type RunningSystem } from "../running-system";
import { holder, pollers, telegram } from "./router";

export interface TakenOver {
  /** From the death to the first poll of another. */
  seconds: number;
  /** Who polls now is the one that waited. */
  byTheOther: boolean;
  /** Polls that ever began beside another. */
  overlaps: number;
  polls: number;
}

/** Kills every process of the active router's pod at once: none of them can give its lease back. */
export async function killActive(system: RunningSystem): Promise<TakenOver> {
  const { active, passive } = await pair(system);
  await telegram.reset(system);
  const died = Date.now();
  for (const pid of processesOf(active.uid)) kill(pid, "SIGKILL");
  return watched(system, died, passive);
}

/**
 * Stops the active router where it stands, as a machine does that freezes, until the other has polled for some time; then
 * lets it go on: it must not go on polling.
 */
export async function freezeActive(system: RunningSystem): Promise<TakenOver> {
  const { active, passive } = await pair(system);
  await telegram.reset(system);
  const frozen = Date.now();
  const processes = active.containers.flatMap(({ id }) => (id ? processesOf(id) : []));
  for (const pid of processes) kill(pid, "SIGSTOP");
  try {
    await watched(system, frozen, passive);
  } finally {
    for (const pid of processes) kill(pid, "SIGCONT");
  }
  // As long as a poll and a lease take together.
  await sleep(12_000);
  return watched(system, frozen, passive);
}

async function watched(system: RunningSystem, since: number, passive: Pod): Promise<TakenOver> {
  const name = await eventually(
    () => holder(system),
    now => now === passive.name,
    30_000,
  );
  const first = await eventually(
    () => firstPollAfter(system, since),
    found => found !== undefined,
    30_000,
  );
  const { overlaps } = await telegram.state(system);
  const polls = await telegram.polls(system);
  return {
    seconds: first === undefined ? Number.POSITIVE_INFINITY : (first - since) / 1000,
    byTheOther: name === passive.name,
    overlaps,
    polls: polls.length,
  };
}

/** A poll is recorded when it ends; one that is open is known by nobody having polled before. */
async function firstPollAfter(system: RunningSystem, since: number): Promise<number | undefined> {
  const began = (await telegram.polls(system)).map(poll => Date.parse(poll.began)).filter(time => time > since);
  return began.length > 0 ? Math.min(...began) : undefined;
}

async function pair(system: RunningSystem): Promise<{ active: Pod; passive: Pod }> {
  const found = await eventually(
    async () => {
      const [all, name] = [await pollers(system), await holder(system)];
      const active = all.find(pod => pod.name === name);
      const passive = all.find(pod => pod.name !== name && pod.containers.some(({ isRunning }) => isRunning));
      return active && passive ? { active, passive } : undefined;
    },
    now => now !== undefined,
    60_000,
  );
  if (!found) throw new Error("there is no router that polls beside one that waits");
  return found;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
