// Cluster: etcd, containerd, runc, CNI plugins, iptables and a registry from Debian's packages, unpacked into the cache, never installed.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../failure";
import { onPath } from "../find";
import { run } from "../run";

/** Packages asked for; apt adds the libraries that this machine lacks. */
const DEBIAN_PACKAGES = [
  "etcd-server",
  "containerd",
  "runc",
  "containernetworking-plugins",
  "iptables",
  "iproute2",
  "docker-registry",
  "busybox-static",
] as const;

const FETCH_TIMEOUT_MS = 300_000;

/**
 * Key of the unpacked packages: what is asked for, on which release. The versions and sums that came are written beside
 * them, in `packages.txt`; a start needs no package index, and so no network.
 */
export function packagesKey(): string {
  const release = readFileSync("/etc/os-release", "utf8");
  return createHash("sha256")
    .update([LAYOUT, ...DEBIAN_PACKAGES, process.arch, release].join("\0"))
    .digest("hex")
    .slice(0, 16);
}

/** Changes with what `unpackPackages` makes of the packages. */
const LAYOUT = "1";

/**
 * Fetches the packages through apt, which checks the index's signature and each file's sum, and unpacks them into
 * DIR/root. apt's own lists, cache and locks are kept in `directory` too: the machine's are not touched.
 */
export async function unpackPackages(directory: string): Promise<void> {
  for (const program of ["apt-get", "dpkg"])
    if (!onPath(program))
      throw new Failure(
        `${program} is not on PATH; the local cluster takes containerd, etcd and others from Debian's packages`,
        "Use a Debian or Ubuntu machine, or name a cluster of your own: `export PALISADE_KUBECONFIG=FILE`.",
      );
  const work = join(directory, "apt");
  const root = join(directory, "root");
  for (const path of [join(work, "lists", "partial"), join(work, "archives", "partial"), root])
    await mkdir(path, { recursive: true });
  const options = [
    `Dir::State::lists=${join(work, "lists")}`,
    `Dir::Cache=${work}`,
    `Dir::Cache::archives=${join(work, "archives")}`,
    "Debug::NoLocking=true",
    "APT::Sandbox::User=root",
    "Acquire::Languages=none",
  ].flatMap(option => ["-o", option]);
  await must("apt-get", [...options, "-qq", "update"]);
  const install = ["-y", "--no-install-recommends", "--reinstall", "--download-only", "install", ...DEBIAN_PACKAGES];
  await must("apt-get", [...options, "-qq", ...install]);
  const archives = (await readdir(join(work, "archives"))).filter(file => file.endsWith(".deb")).sort();
  const lines: string[] = [];
  for (const file of archives) {
    const archive = join(work, "archives", file);
    await must("dpkg", ["-x", archive, root]);
    lines.push(
      `${createHash("sha256")
        .update(await readFile(archive))
        .digest("hex")}  ${file}`,
    );
  }
  await writeFile(join(directory, "packages.txt"), `${lines.join("\n")}\n`);
  await linkIptables(directory);
  // Debian unpacks this one readable to all; nothing of it is ever served from here.
  await chmod(root, 0o755);
  await rm(work, { recursive: true });
}

/** An installed iptables is an alternative that a script of the package would choose; unpacked, the choice is made here. */
async function linkIptables(directory: string): Promise<void> {
  const links = join(directory, "links");
  await mkdir(links);
  for (const name of ["iptables", "iptables-save", "iptables-restore"])
    for (const family of [name, name.replace("ip", "ip6")])
      await symlink("../root/usr/sbin/xtables-nft-multi", join(links, family));
}

/** Unpacked packages. */
export interface Packages {
  /** Directories for PATH. */
  path: string[];
  /** Variables that the programs need. */
  env: Record<string, string>;
  /** Directory of the CNI plugins. */
  cni: string;
  /** Directory of containerd, ctr, runc, etcd and docker-registry. */
  bin: string;
}

/** Where the unpacked programs and libraries lie, for PATH and the loader. */
export function packageEnv(directory: string): Packages {
  const root = join(directory, "root");
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const libraries = join(root, "usr", "lib", triplet);
  return {
    path: [join(directory, "links"), ...["usr/sbin", "usr/bin", "sbin", "bin"].map(name => join(root, name))],
    env: {
      LD_LIBRARY_PATH: [libraries, join(root, "lib", triplet)].join(":"),
      XTABLES_LIBDIR: join(libraries, "xtables"),
    },
    cni: join(root, "usr", "lib", "cni"),
    bin: join(root, "usr", "bin"),
  };
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
  const result = await run(command, args, { env, timeoutMs: FETCH_TIMEOUT_MS });
  if (result.code === 0) return;
  throw new Failure(
    `\`${command} … ${args.slice(-2).join(" ")}\` ended with ${result.code}: ${result.stderr.trim().split("\n").slice(-5).join("\n")}`,
    "Nothing half-made was kept. If the package mirror could not be reached, run the same command again.",
  );
}
