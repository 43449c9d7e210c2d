// Toolchain tests: programs of Debian that only tests need, unpacked into the cache, and run beside their own C library.
import { createHash } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { unpackDebian } from "../../toolchain/debian";
import { make } from "../../toolchain/make";
import { step } from "../../toolchain/progress";

/** A program, and the arguments that come before its own. */
export interface Tool {
  program: string;
  args: string[];
}

/** skopeo of Debian 13. */
export async function skopeo(): Promise<Tool> {
  const root = await kept("skopeo", ["skopeo"], ["usr/bin/skopeo", "usr/lib/x86_64-linux-gnu", "etc/containers"]);
  const libraries = join(root, "usr/lib/x86_64-linux-gnu");
  return {
    program: join(libraries, "ld-linux-x86-64.so.2"),
    args: ["--library-path", libraries, join(root, "usr/bin/skopeo")],
  };
}

/** The paths `keep` of packages: whole they are a hundred times what is used of them. */
async function kept(name: string, packages: string[], keep: string[]): Promise<string> {
  const making = { name: `test-${name}`, key: toolKey(packages, keep), title: `${name} of Debian: fetching` };
  return make(step, making, async directory => {
    const whole = join(directory, "whole");
    await unpackDebian({ release: "trixie", packages }, whole);
    for (const path of keep) {
      await mkdir(join(directory, path, ".."), { recursive: true });
      await rename(join(whole, path), join(directory, path));
    }
    await rm(whole, { recursive: true });
  });
}

const toolKey = (packages: string[], keep: string[]) =>
  createHash("sha256")
    .update(JSON.stringify([packages, keep, process.arch]))
    .digest("hex")
    .slice(0, 16);
