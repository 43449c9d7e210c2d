// Benchmarks: from samples to cases, each a ratio to a peer of the same run, and to what is printed of them.
import { table } from "../src/cli/table";
import type { Sample } from "./measure";
import { marginal, median, rounded, spread } from "./statistics";

export interface Ratios {
  wallRatio: number;
  memoryRatio: number;
}

export interface Case extends Ratios {
  name: string;
  /** The most a ratio may be, and the memory of the first program; what is left out has no target. */
  target: Partial<Ratios> & { peakMiB?: number };
  targetMet: boolean;
  /** Samples by program, in the order they were taken. */
  raw: Record<string, Sample[]>;
  /** What else there is to know of the programs. */
  facts?: Record<string, unknown>;
}

export function makeCase(part: Omit<Case, "targetMet">): Case {
  const { wallRatio, memoryRatio, target } = part;
  const targetMet =
    wallRatio <= (target.wallRatio ?? Infinity) &&
    memoryRatio <= (target.memoryRatio ?? Infinity) &&
    peakOfFirst(part.raw) <= (target.peakMiB ?? Infinity);
  return { ...part, wallRatio: rounded(wallRatio, 3), memoryRatio: rounded(memoryRatio, 3), targetMet };
}

/** Median of the first over median of the second. */
export function compare(ours: readonly Sample[], peer: readonly Sample[]): Ratios {
  return { wallRatio: wall(ours) / wall(peer), memoryRatio: memory(ours) / memory(peer) };
}

/** Cost of a further resource between the two greater sizes over that between the two lesser: 1 is linear growth. */
export function growth(sizes: readonly [readonly Sample[], readonly Sample[], readonly Sample[]]): Ratios {
  const [small, middle, large] = sizes;
  const ratio = (cost: (samples: readonly Sample[]) => number) => {
    const point = (samples: readonly Sample[]) => ({ size: resources(samples), cost: cost(samples) });
    return marginal(point(middle), point(large)) / marginal(point(small), point(middle));
  };
  return { wallRatio: ratio(wall), memoryRatio: ratio(memory) };
}

/** A table for people. */
export function describe({ name, raw, ...rest }: Case): string {
  const samples = Object.entries(raw);
  const rows = samples.map(([program, taken], i) => {
    const before = samples[i - 1]?.[1];
    return [
      program,
      String(resources(taken)),
      `${spread(walls(taken), 2)} s`,
      `${spread(memories(taken), 0)} MiB`,
      before && resources(taken) > resources(before) ? `${perResource(before, taken).toFixed(1)} ms` : "",
    ];
  });
  const heading = ["program", "resources", "wall time", "peak memory of Node", "per added resource"];
  const verdicts = [
    verdict("wall time", rest.wallRatio, rest.target.wallRatio),
    verdict("memory", rest.memoryRatio, rest.target.memoryRatio),
  ];
  const { peakMiB } = rest.target;
  if (peakMiB !== undefined) {
    const peak = peakOfFirst(raw);
    const met = peak <= peakMiB ? "met" : "missed";
    verdicts.push(`peak memory: ${peak.toFixed(0)} MiB, target at most ${peakMiB} MiB: ${met}\n`);
  }
  return `\n${name}\n${table([heading, ...rows])}${verdicts.join("")}`;
}

/** Median peak of the program that is judged. */
function peakOfFirst(raw: Case["raw"]): number {
  const [samples] = Object.values(raw);
  return samples ? memory(samples) : 0;
}

function verdict(what: string, ratio: number, target: number | undefined): string {
  const judged = target === undefined ? "" : `, target at most ${target}: ${ratio <= target ? "met" : "missed"}`;
  return `ratio of ${what}: ${ratio.toFixed(2)}${judged}\n`;
}

function perResource(from: readonly Sample[], to: readonly Sample[]): number {
  return 1000 * marginal({ size: resources(from), cost: wall(from) }, { size: resources(to), cost: wall(to) });
}

const walls = (samples: readonly Sample[]) => samples.map(({ wallSeconds }) => wallSeconds);
const memories = (samples: readonly Sample[]) => samples.map(({ peakMiB }) => peakMiB);
const wall = (samples: readonly Sample[]) => median(walls(samples));
const memory = (samples: readonly Sample[]) => median(memories(samples));
const resources = (samples: readonly Sample[]) => samples[0]?.resources ?? 0;
