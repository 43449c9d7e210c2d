// Benchmarks: delivering, which is verifying and pushing, against the part of Zarf's deploying that does this and needs no cluster.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { during } from "../../toolchain/progress";
import { ensureZarf } from "../../toolchain/zarf";
import { type Bench, inTurn, intoEmptyRegistry, megabytes, memory, PEAK_MB, wall } from "./contest";
import { zarfPackage } from "./peers";
import { observe, type Program } from "./process";
import { atMost, type BundleCase, bundleCase } from "./report";

/** Bytes for the records of what was verified: nothing is unpacked. */
const UNPACKED = 1_000_000;

export async function delivery(bench: Bench, bundle: string): Promise<BundleCase> {
  const { room, images } = bench;
  const place = join(room.directory, "zarf-delivery");
  const made = await during("a package of Zarf's, unmeasured", async () => {
    await observe([await room.zarf(images, place)]);
    return zarfPackage(place);
  });
  const { publicKey } = room;
  const directory = join(room.directory, "delivering");
  const mirrored = async (registry: string) => {
    await mkdir(directory);
    try {
      return (await observe([await mirror(made, registry, directory)], [directory])).sample;
    } finally {
      await rm(directory, { recursive: true });
    }
  };
  const raw = await inTurn(bench, "deliver", {
    palisade: () =>
      intoEmptyRegistry(
        bench,
        async registry => (await room.task({ task: "deliver", bundle, publicKey, registry })).sample,
      ),
    zarf: () => intoEmptyRegistry(bench, mirrored),
  });
  await rm(place, { recursive: true });
  const [ours, zarf] = [raw.palisade ?? [], raw.zarf ?? []];
  return bundleCase({
    name: "deliver, verified first, into an empty registry, against `zarf package mirror-resources`",
    wallRatio: wall(ours) / wall(zarf),
    memoryRatio: memory(ours) / memory(zarf),
    judged: [
      atMost("time over Zarf's", wall(ours) / wall(zarf), 1),
      atMost("our peak memory in MB", megabytes(ours), PEAK_MB),
      atMost("our disk, in MB", Math.max(...ours.map(({ diskBytes }) => diskBytes)) / 1e6, UNPACKED / 1e6),
    ],
    raw: { palisade: ours, zarf },
  });
}

/** Zarf's home is below `directory` too. */
async function mirror(made: string, registry: string, directory: string): Promise<Program> {
  const [home, temporary, cache] = [join(directory, "home"), join(directory, "tmp"), join(directory, "cache")];
  for (const each of [home, temporary, cache]) await mkdir(each);
  const args = ["package", "mirror-resources", made, "--confirm", "--images", "--no-img-checksum", "--no-color"];
  const places = ["--registry-url", registry, "--plain-http", "--tmpdir", temporary, "--zarf-cache", cache];
  return {
    command: await ensureZarf(),
    args: [...args, ...places],
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: temporary, DOCKER_CONFIG: home },
  };
}
