// Benchmarks: the installer's image phase against skopeo.
import { type Bench, inside, inTurn, intoEmptyRegistry, megabytes, memory, PEAK_MB, wall } from "./contest";
import { observe, type Sample } from "./process";
import { atLeast, atMost, type BundleCase, bundleCase } from "./report";

export async function imagePhase(bench: Bench, bundle: string): Promise<BundleCase> {
  const { room, layout, images } = bench;
  const into = (work: (address: string) => Promise<Sample>) => intoEmptyRegistry(bench, work);
  const raw = await inTurn(bench, "image phase", {
    palisade: () => into(registry => inside(room, { task: "push", bundle, publicKey: room.publicKey, registry })),
    skopeo: () => into(async registry => (await observe(room.copies(layout, images, registry))).sample),
  });
  const [ours, skopeo] = [raw.palisade ?? [], raw.skopeo ?? []];
  return bundleCase({
    name: "image phase, into an empty registry, against `skopeo copy` of each image at once",
    wallRatio: wall(ours) / wall(skopeo),
    memoryRatio: memory(ours) / memory(skopeo),
    judged: [
      atLeast("rate over skopeo's", wall(skopeo) / wall(ours), 0.9),
      atMost("our peak memory in MB", megabytes(ours), PEAK_MB),
    ],
    raw: { palisade: ours, skopeo },
  });
}
