// Benchmarks: cases of `bench:bundle`: what each target asks, what was found, and the samples it came from.
import { table } from "../../src/cli/table";
import { rounded, spread } from "../statistics";
import type { Sample } from "./process";

/** One figure that has a target: at least, or at most, so much. */
export interface Judged {
  what: string;
  value: number;
  target: { least: number } | { most: number };
  met: boolean;
}

export interface BundleCase {
  name: string;
  /** Median time of ours over the peer's, where there is one. */
  wallRatio?: number;
  /** Median peak of ours over the peer's. */
  memoryRatio?: number;
  judged: Judged[];
  targetMet: boolean;
  /** Samples by program, in the order they were taken. */
  raw: Record<string, Sample[]>;
  facts?: Record<string, unknown>;
}

export function atLeast(what: string, value: number, least: number): Judged {
  return { what, value: rounded(value, 3), target: { least }, met: value >= least };
}

export function atMost(what: string, value: number, most: number): Judged {
  return { what, value: rounded(value, 3), target: { most }, met: value <= most };
}

export function bundleCase(part: Omit<BundleCase, "targetMet">): BundleCase {
  const { wallRatio, memoryRatio } = part;
  return {
    ...part,
    ...(wallRatio === undefined ? {} : { wallRatio: rounded(wallRatio, 3) }),
    ...(memoryRatio === undefined ? {} : { memoryRatio: rounded(memoryRatio, 3) }),
    targetMet: part.judged.every(({ met }) => met),
  };
}

/** A table for people. */
export function describeBundle({ name, judged, raw }: BundleCase): string {
  const programs = Object.entries(raw).map(([program, samples]) => {
    const figures = (of: (sample: Sample) => number, digits: number) => spread(samples.map(of), digits);
    return [
      program,
      `${figures(({ seconds }) => seconds, 2)} s`,
      `${figures(({ cpuSeconds }) => cpuSeconds, 2)} s`,
      `${figures(({ peakMiB }) => peakMiB, 0)} MiB`,
      `${figures(({ diskBytes }) => diskBytes / 1e6, 1)} MB`,
    ];
  });
  const heading = ["program", "wall time", "processor", "peak memory", "most on the disk"];
  const verdicts = judged.map(({ what, value, target, met }) => {
    const bound = "least" in target ? `at least ${target.least}` : `at most ${target.most}`;
    return `${what}: ${value}, target ${bound}: ${met ? "met" : "missed"}\n`;
  });
  return `\n${name}\n${programs.length > 0 ? table([heading, ...programs]) : ""}${verdicts.join("")}`;
}
