// Benchmarks: `npm run bench:bundle`. Making, verifying and delivering a bundle against Zarf, the disk, SHA-256 and skopeo, in one run.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../toolchain/failure";
import { during } from "../toolchain/progress";
import { forwardInterrupts } from "../toolchain/run";
import { type Bench, creating, publish } from "./bundle/contest";
import { creation } from "./bundle/creation";
import { delivery } from "./bundle/delivery";
import { delta } from "./bundle/delta";
import { twice } from "./bundle/growth";
import { imagePhase } from "./bundle/image-phase";
import { makeImages } from "./bundle/images";
import { endOnInterrupt } from "./bundle/process";
import type { BundleCase } from "./bundle/report";
import { openBundleRoom } from "./bundle/room";
import { verification } from "./bundle/verification";

/** Odd, so that each median is one of the samples. */
const ROUNDS = 5;
const SIZE = 2_000_000_000;
const SMALLEST = 1_000_000;
export interface BundleBenchOptions {
  /** Bytes of all layers together; 2 GB. */
  size?: number;
  /** Of each contest; 5. */
  rounds?: number;
  /** Whether making and delivering are measured against Zarf, which takes minutes to build on first use; true. */
  zarf?: boolean;
}

/**
 * Measures in a directory of its own, with registries of its own; all of it is gone afterwards.
 * @throws Failure if the disk has too little room, or a program fails or makes something else than it should
 */
export async function benchBundle({
  size = SIZE,
  rounds = ROUNDS,
  zarf = true,
}: BundleBenchOptions = {}): Promise<BundleCase[]> {
  forwardInterrupts();
  endOnInterrupt();
  const room = await openBundleRoom(size, { zarf });
  try {
    const [layout, out] = [join(room.directory, "layout"), join(room.directory, "out")];
    await mkdir(out);
    const images = await during(`images of ${size / 1e6} MB in a registry`, () =>
      publish(room, layout, () => makeImages(layout, size)),
    );
    const bench: Bench = { room, size, rounds, zarf, layout, images, out };
    const bundle = await create(bench, "bundle.tar");
    return [
      ...(await creation(bench)),
      await verification(bench, bundle),
      await imagePhase(bench, bundle),
      ...(zarf ? [await delivery(bench, bundle)] : []),
      await delta(bench, bundle),
      await twice(bench, bundle),
    ];
  } finally {
    await room.close();
  }
}

/**
 * Reads the size of all layers, such as `64MB`.
 * @returns bytes
 * @throws Failure unless it is a number with MB or GB, and at least 1 MB
 */
export function parseSize(text: string): number {
  const [, number, unit] = /^(\d{1,6}(?:\.\d{1,3})?)(MB|GB)$/.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (unit === "GB" ? 1e9 : 1e6));
  if (bytes >= SMALLEST) return bytes;
  throw new Failure(
    `${JSON.stringify(text)} is no size`,
    "Allowed is 1MB or more, in MB or GB: `npm run bench:bundle -- --size 64MB`",
  );
}

/**
 * Reads how many rounds each contest has.
 * @throws Failure unless it is a whole number from 1 to 99
 */
export function parseRounds(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new Failure(
    `${JSON.stringify(text)} is no number of rounds`,
    "Allowed is 1 to 99: `npm run bench:bundle -- --rounds 3`",
  );
}

async function create(bench: Bench, name: string): Promise<string> {
  await during("a first bundle, unmeasured", () => bench.room.task(creating(bench, name)));
  return join(bench.out, name);
}
