// Benchmarks: what `bench:bundle` works with: images in a registry of its own, a key, and programs, all below one directory that is gone afterwards.
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { skopeo } from "../../test/toolchain/debian-tools";
import { debianRegistry, type RunningRegistry } from "../../test/toolchain/registries";
import { Failure } from "../../toolchain/failure";
import { onPath } from "../../toolchain/find";
import { run } from "../../toolchain/run";
import { ensureZarf } from "../../toolchain/zarf";
import type { BenchImage } from "./images";
import { curlDownload, skopeoCopies, zarfCreate } from "./peers";
import { observe, type Program, type Sample } from "./process";
import type { Task, TaskReport } from "./task";

/** Room on the disk, as a multiple of the images' bytes: Zarf alone holds three copies beside the layout and the registry. */
const ROOM = 8;

export interface BundleRoom {
  directory: string;
  /** The vendor's registry. */
  registry: RunningRegistry;
  key: string;
  publicKey: string;
  /** Our side, in a process of its own. */
  task(task: Task, watched?: readonly string[]): Promise<{ sample: Sample; report: TaskReport }>;
  /** `zarf package create` of images of the registry, in the directories `watched` alone. */
  zarf(images: readonly BenchImage[], directory: string): Promise<Program>;
  /** `skopeo copy` of each image of a layout, all at once. */
  copies(layout: string, images: readonly BenchImage[], registry: string): Program[];
  /** Copies each blob out of the registry into a file, several at once, looks at none, and ends when all are on the disk. */
  download(images: readonly BenchImage[], place: string): Promise<Program>;
  /** A registry that holds nothing. */
  emptyRegistry(name: string): Promise<RunningRegistry>;
  /** Writes out what the disk was given so far, so that it is not a burden on what is measured next. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** @throws Failure if the disk has too little room, or a program cannot be had */
export async function openBundleRoom(bytes: number, { zarf }: { zarf: boolean }): Promise<BundleRoom> {
  if (!onPath("curl"))
    throw new Failure(
      "curl is not on PATH; it is the measure of how fast a registry's bytes can be copied to this disk",
      "Install it (Debian: `apt-get install curl`), then run the same command again.",
    );
  const copier = await skopeo();
  // Made before anything is measured.
  if (zarf) await ensureZarf();
  const { bavail, bsize } = await statfs(tmpdir());
  if (bavail * bsize < ROOM * bytes)
    throw new Failure(
      `${tmpdir()} has ${bavail * bsize} bytes free; ${ROOM * bytes} are needed to measure with ${bytes}`,
      "Make room, name another directory (`export TMPDIR=DIR`), or measure with less: `npm run bench:bundle -- --size 256MB`",
    );
  const directory = await mkdtemp(join(tmpdir(), "palisade-bench-bundle-"));
  const registries: RunningRegistry[] = [];
  const started = async (name: string): Promise<RunningRegistry> => {
    const place = join(directory, name);
    await mkdir(place);
    const registry = await debianRegistry(place);
    const stop = async () => {
      await registry.stop();
      await rm(place, { recursive: true, force: true });
    };
    registries.push({ ...registry, stop });
    return { ...registry, stop };
  };
  const close = async () => {
    for (const registry of registries) await registry.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const [key, publicKey] = [join(directory, "vendor.key"), join(directory, "vendor.pub")];
    const pair = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    await writeFile(key, pair.privateKey, { mode: 0o600 });
    await writeFile(publicKey, pair.publicKey);
    const script = join(directory, "task.cjs");
    // One file, as the installer is.
    const entry = join(__dirname, "task.ts");
    await build({
      entryPoints: [entry],
      outfile: script,
      bundle: true,
      platform: "node",
      target: "node20",
      minify: true,
      logLevel: "error",
    });
    const registry = await started("registry");
    return {
      directory,
      registry,
      key,
      publicKey,
      task: async (task, watched) => {
        const temporary = join(directory, "tmp");
        await mkdir(temporary, { recursive: true });
        const program = {
          command: process.execPath,
          args: [script, JSON.stringify(task)],
          env: { ...process.env, TMPDIR: temporary },
        };
        const { sample, output } = await observe([program], [temporary, ...(watched ?? [])]);
        // What the command itself prints comes before.
        const report = JSON.parse(output[0]?.trim().split("\n").at(-1) ?? "") as TaskReport;
        const { peakMiB, cpuSeconds } = sample;
        return {
          sample: {
            ...sample,
            peakMiB: Math.max(peakMiB, report.peakMiB),
            cpuSeconds: Math.max(cpuSeconds, report.cpuSeconds),
          },
          report,
        };
      },
      zarf: async (images, place) => zarfCreate(await ensureZarf(), registry.address, images, place),
      copies: (layout, images, address) => skopeoCopies(copier, layout, images, address),
      download: (images, place) => curlDownload(registry.address, images, place),
      emptyRegistry: started,
      settle: async () => {
        const synced = await run("sync", ["--file-system", directory]);
        if (synced.code !== 0) throw new Failure(`\`sync\` ended with ${synced.code}: ${synced.stderr}`, "");
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
