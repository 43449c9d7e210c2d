// Cluster proofs: the router as the proofs see it: who holds its lease, and what its peers outside have counted.

import { suppliedSecrets } from "../local-stack";
import { must, type Pod, podsOf, type RunningSystem } from "../running-system";

const routerNamespace = "router-dev";

/** Stand-in of Telegram, as its control port tells. */
export interface TelegramState {
  /** Polls that began while another of the same bot was open. */
  overlaps: number;
  /** Polls open now, by who polls. */
  open: string[];
  waiting: number;
  confirmed: number;
}
export interface Poll {
  began: string;
  ended: string;
  /** Address and port of the caller: the proxy of the service that polls. */
  by: string;
  /** Those of the same bot that were open when it began. */
  overlap?: string[];
}

export const telegram = {
  state: ({ room }: RunningSystem) => room.peers.ask("telegram", "/state") as Promise<TelegramState>,
  /** Polls that have ended, of the router's bot alone: another service has one too. */
  polls: async (system: RunningSystem) => {
    const { entries } = (await system.room.peers.ask("telegram", "/polls")) as { entries: Poll[] };
    const own = await addressesOfProxies(system);
    return entries.filter(({ by }) => own.includes(by.split(":")[0] ?? ""));
  },
  /** Of all bots. */
  allPolls: async ({ room }: RunningSystem) =>
    ((await room.peers.ask("telegram", "/polls")) as { entries: Poll[] }).entries,
  sent: async ({ room }: RunningSystem) =>
    ((await room.peers.ask("telegram", "/sent")) as { entries: { text: string; chat_id: number }[] }).entries,
  reset: ({ room }: RunningSystem) => room.peers.tell("telegram", "/reset"),
  /** Messages of one chat, which the router's bot finds at its next poll. */
  write: ({ room }: RunningSystem, chat: number, text: string, count: number) =>
    room.peers.tell("telegram", "/updates", { token: suppliedSecrets.router.TELEGRAM_BOT_TOKEN, chat, text, count }),
};

export const agents = {
  calls: async ({ room }: RunningSystem) =>
    ((await room.peers.ask("a2a", "/calls")) as { entries: { id: string; status: number }[] }).entries,
  reset: ({ room }: RunningSystem) => room.peers.tell("a2a", "/reset"),
  /** Each answer takes so long. */
  slow: ({ room }: RunningSystem, milliseconds: number) =>
    room.peers.tell("a2a", "/behaviour", { delay_ms: milliseconds }),
};

async function addressesOfProxies(system: RunningSystem): Promise<string[]> {
  const pods = await podsOf(system, [routerNamespace]);
  return pods.filter(({ part }) => part === `${routerNamespace}/egress-proxy-poller`).map(({ address }) => address);
}

export async function pollers(system: RunningSystem): Promise<Pod[]> {
  const pods = await podsOf(system, [routerNamespace]);
  return pods.filter(({ part }) => part === `${routerNamespace}/poller`);
}

/** Name of the pod that polls. */
export async function holder(system: RunningSystem): Promise<string> {
  const path = "jsonpath={.spec.holderIdentity}";
  const identity = await must(system, "get", "lease", "poller", "--namespace", routerNamespace, "--output", path);
  return identity.split("_")[0] ?? "";
}
