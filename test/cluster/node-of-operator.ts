// Cluster tests: the executable on the node itself, beside its containerd, where an administrator carried it.
import { link, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { PlannedImage } from "../../src/onprem/images/plan";
import { layoutOf } from "../../toolchain/cluster/layout";
import { type RunResult, run } from "../../toolchain/run";
import type { BundleRoom } from "./bundle-room";

export interface NodeOfOperator {
  /** Runs the installer there to its end. */
  palisade(...args: string[]): Promise<RunResult>;
  /** Runs containerd's client on the images of Kubernetes. @throws Error with its own words */
  ctr(...args: string[]): Promise<string>;
  /** Takes these images from the node, under whatever names. */
  forget(images: readonly PlannedImage[]): Promise<void>;
}

/** @param files of the operator that are carried there with the installer, once it is first used */
export function nodeOf({ cluster, directory, operator }: BundleRoom, files: readonly string[]): NodeOfOperator {
  const there = join(layoutOf(join(directory, "cluster")).root, "carried");
  const [enter = "", ...before] = cluster.enter;
  const ctr = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(enter, [...before, "ctr", "--namespace", "k8s.io", ...args]);
    if (code !== 0) throw new Error(`ctr ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  return {
    ctr,
    palisade: async (...args) => {
      if (await mkdir(there, { recursive: true, mode: 0o700 }))
        for (const name of ["palisade", ...files]) await link(join(operator.directory, name), join(there, name));
      return run(enter, [...before, "env", `--chdir=${there}`, "./palisade", ...args]);
    },
    forget: async images => {
      const own = new Set(images.map(({ digest }) => digest));
      const names = (await ctr("images", "ls"))
        .split("\n")
        .map(line => line.split(/\s+/))
        .filter(([, , digest = ""]) => own.has(digest))
        .flatMap(([name = ""]) => name);
      await ctr("images", "rm", "--sync", ...names);
    },
  };
}
