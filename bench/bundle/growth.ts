// Benchmarks: memory at twice the size.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { during } from "../../toolchain/progress";
import { type Bench, creating, inside, megabytes, PEAK_MB, publish } from "./contest";
import { makeImages } from "./images";
import { atMost, type BundleCase, bundleCase } from "./report";

/** Memory that grows with what passes through it would be seen here. */
export async function twice(bench: Bench, once: string): Promise<BundleCase> {
  const { room, size, images, out } = bench;
  const { publicKey } = room;
  const layout = join(room.directory, "more");
  const more = await during("twice the images", () => publish(room, layout, () => makeImages(layout, size, "more")));
  await rm(layout, { recursive: true });
  const small = await inside(room, { task: "verify", bundle: once, publicKey });
  const bundle = join(out, "twice.tar");
  const made = await during("create at twice the size", () =>
    room.task(creating({ ...bench, images: [...images, ...more] }, "twice.tar"), []),
  );
  const verified = await during("verify at twice the size", () => inside(room, { task: "verify", bundle, publicKey }));
  await rm(bundle);
  return bundleCase({
    name: "memory at twice the size",
    judged: [
      atMost("peak memory of create in MB", megabytes([made.sample]), PEAK_MB),
      atMost("peak memory of verify in MB", megabytes([verified]), PEAK_MB),
      atMost("peak memory of verify over that at the single size", verified.peakMiB / small.peakMiB, 1.1),
    ],
    raw: { create: [made.sample], verify: [verified], "verify, single size": [small] },
  });
}
