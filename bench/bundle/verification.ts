// Benchmarks: verifying a bundle against SHA-256 of the same file.
import { type Bench, inside, inTurn, megabytes, memory, PEAK_MB, processor, wall } from "./contest";
import { atLeast, atMost, type BundleCase, bundleCase } from "./report";

export async function verification(bench: Bench, bundle: string): Promise<BundleCase> {
  const { room } = bench;
  const { publicKey } = room;
  // Both find the file in the page cache.
  await room.task({ task: "hash", file: bundle });
  const raw = await inTurn(bench, "verify", {
    palisade: () => inside(room, { task: "verify", bundle, publicKey }),
    sha256: () => inside(room, { task: "hash", file: bundle }),
  });
  const [ours, sha256] = [raw.palisade ?? [], raw.sha256 ?? []];
  return bundleCase({
    name: "verify against SHA-256 of the same file, by one core",
    wallRatio: wall(ours) / wall(sha256),
    memoryRatio: memory(ours) / memory(sha256),
    judged: [
      atLeast("rate over SHA-256's", wall(sha256) / wall(ours), 0.8),
      atLeast("rate per processor time over SHA-256's", processor(sha256) / processor(ours), 0.8),
      atMost("our peak memory in MB", megabytes(ours), PEAK_MB),
    ],
    raw: { palisade: ours, sha256 },
  });
}
