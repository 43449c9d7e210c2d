// Cluster: the images that the cluster needs for itself, from static programs, the same bytes every time (RT-1).
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheRoot } from "../cache";
import { Failure } from "../failure";
import { type ImageSpec, packImage, pushImage } from "../images";
import { freePort } from "../sandbox";
import { registryAnswers, registryConfig } from "./registry";

/** Paths of the static programs that go into the images. */
export interface SystemPrograms {
  pause: string;
  busybox: string;
  coredns: string;
  localPathProvisioner: string;
  metricsServer: string;
}

export type SystemImageName = "pause" | "helper" | "coredns" | "local-path-provisioner" | "metrics-server";

/** Repository below which a cluster's registry holds them. */
export const SYSTEM_REPOSITORY = "palisade-system";

const REGISTRY_TIMEOUT_MS = 20_000;

/** No one: the user of every image here. The volume helper alone is run as root, by its pod. */
const NOBODY = "65532:65532";

const single = (program: string, path: string): ImageSpec => ({
  layers: [{ files: [{ path, source: program, mode: 0o755 }] }],
  entrypoint: [path],
  user: NOBODY,
});

function specs(programs: SystemPrograms): Record<SystemImageName, ImageSpec> {
  const helper = ["sh", "mkdir", "rm", "chmod"].map(name => ({ path: `/bin/${name}`, link: "/bin/busybox" }));
  return {
    pause: single(programs.pause, "/pause"),
    helper: {
      layers: [{ files: [{ path: "/bin/busybox", source: programs.busybox, mode: 0o755 }, ...helper] }],
      user: NOBODY,
    },
    coredns: single(programs.coredns, "/coredns"),
    "local-path-provisioner": single(programs.localPathProvisioner, "/local-path-provisioner"),
    "metrics-server": single(programs.metricsServer, "/metrics-server"),
  };
}

/** The programs lie in directories of the cache that are named after their own sums, so their paths are key enough. */
export function systemImagesKey(programs: SystemPrograms): string {
  const images = JSON.stringify(specs(programs)).replaceAll(cacheRoot(), "");
  return createHash("sha256").update(`${LAYOUT}\0${images}`).digest("hex").slice(0, 16);
}

/** Changes with what `packSystemImages` leaves in its directory. */
const LAYOUT = "2";

/** What `packSystemImages` made. */
export interface SystemImages {
  digests: Record<SystemImageName, string>;
  /** A registry's storage that holds them all. */
  registry: string;
}

/**
 * Packs each image and lets a registry store it: a cluster begins with a copy of DIR/registry, so that none of its first
 * seconds go into handing over the same images. DIR/digests.json says what came out.
 * @param registry program, and the variables it needs
 */
export async function packSystemImages(
  programs: SystemPrograms,
  directory: string,
  registry: { program: string; env: Record<string, string> },
): Promise<void> {
  const digests: Record<string, string> = {};
  const layouts = join(directory, "layouts");
  await mkdir(layouts);
  for (const [name, spec] of Object.entries(specs(programs)))
    digests[name] = (await packImage(spec, join(layouts, name))).digest;
  await writeFile(join(directory, "digests.json"), JSON.stringify(digests));
  await withRegistry(registry, join(directory, "registry"), async address => {
    for (const name of Object.keys(digests))
      await pushImage(join(layouts, name), address, `${SYSTEM_REPOSITORY}/${name}`);
  });
  await rm(layouts, { recursive: true });
}

/** What lies in `directory` after `packSystemImages`. */
export async function systemImages(directory: string): Promise<SystemImages> {
  const digests = JSON.parse(await readFile(join(directory, "digests.json"), "utf8")) as SystemImages["digests"];
  return { digests, registry: join(directory, "registry") };
}

/** Runs a registry on loopback while `work` goes on, and stops it. */
export async function withRegistry(
  { program, env }: { program: string; env: Record<string, string> },
  storage: string,
  work: (address: string) => Promise<void>,
): Promise<void> {
  const address = `127.0.0.1:${await freePort()}`;
  const config = `${storage}.json`;
  await writeFile(config, JSON.stringify(registryConfig(storage, address)));
  const registry = spawn(program, ["serve", config], { env: { ...process.env, ...env }, stdio: "ignore" });
  const ended = new Promise<number | null>(resolve => registry.once("exit", resolve));
  registry.once("error", () => undefined);
  try {
    const deadline = Date.now() + REGISTRY_TIMEOUT_MS;
    while (!(await registryAnswers(address))) {
      if (registry.pid === undefined || registry.exitCode !== null || Date.now() > deadline)
        throw new Failure(
          `the registry ${program} does not start on ${address}`,
          "Run the same command again; `npx palisade doctor` lists what a local cluster needs.",
        );
      await sleep(50);
    }
    await work(address);
  } finally {
    registry.kill();
    if (registry.pid !== undefined) await ended;
    await rm(config);
  }
}
