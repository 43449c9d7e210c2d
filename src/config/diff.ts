// Config: what `palisade config diff` does: two stacks held against each other by their keys, never by values shown (RT-14, RT-16).
import { type Accounted, account, differencesFile, readDifferences } from "./differences";
import { renderFaults } from "./faults";
import { readStackFile } from "./file";
import { leaves, writePlace } from "./paths";
import { Sealed } from "./sealed";

/** Largest share of keys, in percent, that two environments may differ by (RT-16). */
const allowedDriftPercent = 5;

export interface ConfigDiff {
  /** No key of the first file is missing in the second, the drift is within bounds, and each difference has its ticket. */
  readonly ok: boolean;
  readonly message: string;
  readonly onlyInFirst: readonly string[];
  readonly onlyInSecond: readonly string[];
  /** Keys of both whose values differ; an encrypted value cannot be compared and is never listed. */
  readonly changed: readonly string[];
  /** Ticket of each difference that somebody decided. */
  readonly tickets: Readonly<Record<string, string>>;
  /** Differences without a ticket. */
  readonly unexplained: readonly string[];
  /** Entries of the register for this pair that match no difference. */
  readonly stale: readonly string[];
  /** Keys that only one file has, among the keys of both together. */
  readonly driftPercent: number;
}

const nothing = { onlyInFirst: [], onlyInSecond: [], changed: [], tickets: {}, unexplained: [], stale: [] };

/**
 * Compares two stack files.
 * @param register path of the register of intentional differences.
 */
export function diffConfigs(first: string, second: string, register: string): ConfigDiff {
  const [a, b] = [readStackFile(first), readStackFile(second)];
  const { differences, faults: ofRegister } = readDifferences(register);
  const faults = [...a.faults, ...b.faults, ...ofRegister];
  if (faults.length > 0) {
    const next = `npx palisade config diff ${a.stack ?? first} ${b.stack ?? second}`;
    const message = renderFaults(faults, { subject: "Nothing was compared: the pair of files", next });
    return { ok: false, message, driftPercent: 0, ...nothing };
  }
  const [keysA, keysB] = [keysOf(a.raw), keysOf(b.raw)];
  const onlyInFirst = [...keysA.keys()].filter(key => !keysB.has(key)).sort();
  const onlyInSecond = [...keysB.keys()].filter(key => !keysA.has(key)).sort();
  const changed = [...keysA]
    .filter(([key, value]) => keysB.has(key) && keysB.get(key) !== value)
    .map(([key]) => key)
    .sort();
  const all = new Set([...keysA.keys(), ...keysB.keys()]).size;
  const drifted = onlyInFirst.length + onlyInSecond.length;
  const driftPercent = all === 0 ? 0 : (100 * drifted) / all;
  const pair = [a.stack ?? first, b.stack ?? second] as const;
  const decided = account([...onlyInFirst, ...onlyInSecond, ...changed], differences, pair);
  const within = onlyInFirst.length === 0 && driftPercent <= allowedDriftPercent;
  const ok = within && decided.unexplained.length === 0 && decided.stale.length === 0;

  const section = (title: string, keys: readonly string[], tickets = decided.tickets) => {
    const width = Math.max(0, ...keys.map(key => key.length));
    const line = (key: string) => `  ${key.padEnd(width)}  ${tickets.get(key) ?? "no ticket"}`;
    return keys.length === 0 ? [] : [`${title}:`, ...keys.map(key => (tickets.size > 0 ? line(key) : `  ${key}`))];
  };
  const message = [
    ...section(`only in ${pair[0]}`, onlyInFirst),
    ...section(`only in ${pair[1]}`, onlyInSecond),
    ...section("in both, with another value", changed),
    ...section("in the register, and no difference", decided.stale, new Map()),
    `Key-set drift: ${drifted} of ${all} keys, ${driftPercent.toFixed(1)} % ` +
      `(allowed: no key of the first missing, at most ${allowedDriftPercent} %; RT-16).`,
    ...advice(decided),
  ].join("\n");
  return {
    ok,
    message,
    onlyInFirst,
    onlyInSecond,
    changed,
    tickets: Object.fromEntries(decided.tickets),
    unexplained: decided.unexplained,
    stale: decided.stale,
    driftPercent,
  };
}

function advice({ unexplained, stale }: Accounted): string[] {
  const count = unexplained.length === 1 ? "1 difference" : `${unexplained.length} differences`;
  return [
    ...(unexplained.length > 0 ? [`Without a ticket: ${count}. Name it in ${differencesFile}, or undo it.`] : []),
    ...(stale.length > 0 ? [`Delete from ${differencesFile} what is no difference.`] : []),
  ];
}

/** Keys down to the last level with their values in one string. A list counts as one place, whatever its length. */
function keysOf(raw: ReadonlyMap<string, unknown>): Map<string, string> {
  const keys = new Map<string, string>();
  for (const [key, value] of raw)
    for (const [path, leaf] of leaves(value)) {
      const place = writePlace(key, path).replace(/\[\d+\]/g, "[]");
      const shown = leaf instanceof Sealed ? "" : JSON.stringify(leaf);
      keys.set(place, `${keys.get(place) ?? ""} ${shown}`);
    }
  return keys;
}
