// Benchmarks: making a bundle against Zarf, and against copying the registry's bytes to the same disk.
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../toolchain/failure";
import { type Bench, creating, inTurn, megabytes, memory, PEAK_MB, wall } from "./contest";
import { zarfPackage } from "./peers";
import { observe } from "./process";
import { atLeast, atMost, type BundleCase, bundleCase } from "./report";

/** Bytes that a file system may count for its own lists while a file grows. */
const BOOKKEEPING = 1_000_000;

export async function creation(bench: Bench): Promise<BundleCase[]> {
  const { room, images, out } = bench;
  const [place, plain] = [join(room.directory, "zarf"), join(room.directory, "plain")];
  const extra = { ours: [] as number[], zarf: [] as number[] };
  const flushed: number[] = [];
  const raw = await inTurn(bench, "create", {
    palisade: async () => {
      const { sample } = await room.task(creating(bench, "again.tar"), [out]);
      const others = (await stat(join(out, "bundle.tar"))).blocks;
      extra.ours.push(sample.diskBytes - 512 * (others + (await stat(join(out, "again.tar"))).blocks));
      await rm(join(out, "again.tar"));
      return sample;
    },
    ...(bench.zarf && {
      zarf: async () => {
        const { sample } = await observe([await room.zarf(images, place)], [place]);
        const made = await zarfPackage(place);
        const { size } = await stat(made);
        const [largest = 0] = images.flatMap(({ blobs }) => blobs.map(blob => blob.size)).sort((a, b) => b - a);
        if (size < largest) throw new Failure(`Zarf's package has ${size} bytes, less than one layer`, "");
        flushed.push((await observe([{ command: "sync", args: [made] }])).sample.seconds);
        extra.zarf.push(sample.diskBytes - size);
        await rm(place, { recursive: true });
        return sample;
      },
    }),
    curl: async () => {
      const { sample } = await observe([await room.download(images, plain)]);
      await requireBytes(plain, images);
      await rm(plain, { recursive: true });
      return sample;
    },
  });
  const [ours, zarf, curl] = [raw.palisade ?? [], raw.zarf ?? [], raw.curl ?? []];
  const facts = { extraDiskBytes: extra, secondsToDiskAfterZarf: flushed };
  const againstZarf = () =>
    bundleCase({
      name: "create, to the disk, against `zarf package create` of the same images, to the page cache",
      wallRatio: wall(ours) / wall(zarf),
      memoryRatio: memory(ours) / memory(zarf),
      judged: [
        atMost("time over Zarf's", wall(ours) / wall(zarf), 0.5),
        atMost("our peak memory in MB", megabytes(ours), PEAK_MB),
        atMost("our disk beyond the output, in MB", Math.max(...extra.ours) / 1e6, BOOKKEEPING / 1e6),
      ],
      raw: { palisade: ours, zarf },
      facts,
    });
  return [
    ...(bench.zarf ? [againstZarf()] : []),
    bundleCase({
      name: "create against copying the registry's bytes to this disk, by curl with as many connections",
      wallRatio: wall(ours) / wall(curl),
      judged: [atLeast("rate over the copy's", wall(curl) / wall(ours), 0.7)],
      raw: { palisade: ours, curl },
    }),
  ];
}

/** Whoever left something out was no measure. */
async function requireBytes(place: string, images: Bench["images"]): Promise<void> {
  const expected = new Map(images.flatMap(({ blobs }) => blobs.slice(1).map(({ digest, size }) => [digest, size])));
  const sizes = await Promise.all((await readdir(place)).map(async name => (await stat(join(place, name))).size));
  const [found, wanted] = [sizes, [...expected.values()]].map(each => each.reduce((sum, size) => sum + size, 0));
  if (found !== wanted) throw new Failure(`curl brought ${found} bytes of ${wanted}`, "");
}
