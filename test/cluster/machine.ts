// Tests: what a cluster could leave on the machine, to be compared before and after.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { run } from "../../toolchain/run";

/** Paths that the programs of a node use elsewhere; on the machine a node must not make any. */
const USUAL_PLACES = [
  "/etc/cni",
  "/opt/cni",
  "/run/containerd",
  "/run/netns",
  "/run/secrets",
  "/run/xtables.lock",
  "/usr/libexec/kubernetes",
  "/var/lib/calico",
  "/var/lib/cni",
  "/var/lib/containerd",
  "/var/lib/etcd",
  "/var/lib/kubelet",
  "/var/log/containers",
  "/var/log/pods",
];

const KERNEL_SETTINGS = [
  "kernel/keys/root_maxkeys",
  "kernel/panic",
  "kernel/panic_on_oops",
  "net/ipv4/ip_forward",
  "net/netfilter/nf_conntrack_max",
  "vm/overcommit_memory",
];

export interface Machine {
  interfaces: string[];
  routes: string;
  filters: string;
  mounts: string[];
  cgroups: string[];
  settings: Record<string, string>;
  places: string[];
  processes: string[];
}

/**
 * @param mark text that stands in the arguments or the control group of whatever belongs to the cluster
 * @param iptablesSave program and variables of it
 */
export async function lookAt(
  mark: string[],
  iptablesSave: { program: string; env: NodeJS.ProcessEnv },
): Promise<Machine> {
  const read = (file: string) => (existsSync(file) ? readFileSync(file, "utf8").trim() : "nothing");
  const mountLines = read("/proc/self/mountinfo").split("\n");
  const filters = await run(iptablesSave.program, [], { env: iptablesSave.env });
  const trees = mountLines.filter(line => / - cgroup2? /.test(line)).map(line => line.split(" ")[4] ?? "");
  return {
    interfaces: readdirSync("/sys/class/net").sort(),
    routes: read("/proc/net/route"),
    // The counters of a chain and the time of the listing are no rules.
    filters: filters.stdout.replace(/^#.*$|\[\d+:\d+\]/gm, ""),
    mounts: mountLines.map(line => line.split(" ").slice(3).join(" ")),
    cgroups: trees.flatMap(tree => readdirSync(tree).filter(name => mark.some(text => name.includes(text)))),
    settings: Object.fromEntries(KERNEL_SETTINGS.map(name => [name, read(`/proc/sys/${name}`)])),
    places: USUAL_PLACES.filter(path => existsSync(path)),
    processes: processes().filter(line => mark.some(text => line.includes(text))),
  };
}

/** Arguments and control groups of every process. */
function processes(): string[] {
  return readdirSync("/proc")
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap(name => {
      try {
        return [`${readFileSync(`/proc/${name}/cmdline`, "utf8")} ${readFileSync(`/proc/${name}/cgroup`, "utf8")}`];
      } catch {
        return [];
      }
    });
}
