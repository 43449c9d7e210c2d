// Benchmarks: the size of a delta against the blobs that changed.
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { during } from "../../toolchain/progress";
import { type Bench, creating, megabytes, PEAK_MB, publish } from "./contest";
import { makeChanged } from "./images";
import { atMost, type BundleCase, bundleCase } from "./report";

export async function delta(bench: Bench, base: string): Promise<BundleCase> {
  const { room, size, images, out } = bench;
  const layout = join(room.directory, "changed");
  const [changed] = await publish(room, layout, () => makeChanged(layout, size));
  await rm(layout, { recursive: true });
  if (!changed) throw new Error("no image was changed");
  const before = new Set(images.flatMap(({ blobs }) => blobs.map(({ digest }) => digest)));
  const expected = changed.blobs.filter(({ digest }) => !before.has(digest)).reduce((sum, blob) => sum + blob.size, 0);
  const next = images.map(image => (image.repository === changed.repository ? changed : image));
  const file = join(out, "delta.tar");
  const { sample } = await during("delta", () =>
    room.task({ ...creating({ ...bench, images: next }, "delta.tar"), version: "1.0.1", since: base }, []),
  );
  const { size: found } = await stat(file);
  await rm(file);
  return bundleCase({
    name: "delta against the blobs that changed",
    judged: [
      atMost("size beyond the changed blobs', as a share", found / expected - 1, 0.02),
      atMost("our peak memory in MB", megabytes([sample]), PEAK_MB),
    ],
    raw: { palisade: [sample] },
    facts: { deltaBytes: found, changedBytes: expected },
  });
}
