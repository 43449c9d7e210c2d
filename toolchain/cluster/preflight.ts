// Cluster: what a local cluster needs of the machine, looked at before anything is made.
import { readFileSync } from "node:fs";
import { Failure } from "../failure";
import { onPath } from "../find";

/** One thing that a local cluster needs. */
export interface Need {
  name: string;
  found: string;
  needed: string;
  ok: boolean;
  how: string;
}

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

/** Looks at the machine; changes nothing. */
export function clusterNeeds(): Need[] {
  const root = process.getuid?.() === 0;
  const overlay = /\boverlay$/m.test(read("/proc/filesystems"));
  const trees = read("/proc/self/mountinfo")
    .split("\n")
    .filter(line => / - cgroup2? /.test(line)).length;
  const programs = ["apt-get", "dpkg", "nsenter", "mount"].filter(name => !onPath(name));
  return [
    {
      name: "system",
      found: process.platform,
      needed: "linux",
      ok: process.platform === "linux",
      how: "a Linux machine",
    },
    {
      name: "user",
      found: root ? "root" : `user ${process.getuid?.() ?? "unknown"}`,
      needed: "root, for namespaces, mounts and control groups",
      ok: root,
      how: "`sudo npx palisade sandbox up --cluster`",
    },
    {
      name: "overlay file system",
      found: overlay ? "present" : "nothing",
      needed: "in the kernel",
      ok: overlay,
      how: "`modprobe overlay`",
    },
    {
      name: "control groups",
      found: trees > 0 ? `${trees} mounted` : "nothing",
      needed: "mounted, version 1 or 2",
      ok: trees > 0,
      how: "`mount -t cgroup2 none /sys/fs/cgroup`",
    },
    {
      name: "programs",
      found: programs.length ? `no ${programs.join(", ")}` : "present",
      needed: "apt-get, dpkg, nsenter, mount",
      ok: programs.length === 0,
      how: "a Debian or Ubuntu machine with util-linux",
    },
  ];
}

/** @throws Failure naming all that is missing */
export function preflight(): void {
  const missing = clusterNeeds().filter(need => !need.ok);
  if (missing.length === 0) return;
  const lines = missing.map(need => `${need.name}: ${need.found}; needed: ${need.needed} (${need.how})`);
  throw new Failure(
    `a local cluster cannot run here:\n${lines.join("\n")}`,
    "Mend that, or name a cluster of your own: `export PALISADE_KUBECONFIG=FILE`.",
  );
}
