// Cluster tests: whoever installs a bundle: a user who is not root, in a directory with a few files, with no program to find, in a
// network that leads to the cluster's API server and the registry and nowhere else (PF-3).
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, copyFile, link, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { API_PORT, NODE_ADDRESS, REGISTRY_NAME, REGISTRY_PORT } from "../../toolchain/cluster/addresses";
import type { Cluster } from "../../toolchain/cluster/cluster";
import { type RunResult, run } from "../../toolchain/run";

export interface Operator {
  directory: string;
  /** What the installer is told each time: key, kubeconfig, values, secrets, registry. */
  readonly options: { bundle: readonly string[]; cluster: readonly string[]; secrets: readonly string[] };
  /** Runs the installer to its end. */
  palisade(...args: string[]): Promise<RunResult>;
  /** Command and arguments that run it. */
  command(...args: string[]): [string, string[]];
  /** Starts it, for whoever wants to speak with it or to end it. */
  start(...args: string[]): ChildProcessWithoutNullStreams;
  /** Runs a program of this machine in the operator's network. */
  inNetwork(...command: string[]): Promise<RunResult>;
  /** Command and arguments of the same, for what goes on. */
  entering(...command: string[]): [string, string[]];
  /** Gives the operator one more file, by its own name; only the operator may read or write it. */
  give(name: string, content: string): Promise<void>;
  /** Carries files in by their own names: a bundle, all its parts. */
  carry(...files: string[]): Promise<void>;
  /** Lets the registry's name lead to another address, such as one of the operator's own. */
  lead(address: string): Promise<void>;
  close(): Promise<void>;
}

/** Nobody: neither root nor anyone who owns something here. */
const user = 65_534;
/** The operator's end of the wire to the node. */
export const operatorAddress = "172.31.0.2";
const nodeAddress = "172.31.0.1";
/** The node's end. */
export const operatorLink = "operator0";

/** What the operator has got by other ways than the bundle. */
export interface Belongings {
  /** Executable. */
  installer: string;
  publicKeyPem: string;
  /** Text of the values file. */
  values: string;
  /** Text of the secrets file. */
  secrets: string;
}

export async function openOperator(cluster: Cluster, belongings: Belongings): Promise<Operator> {
  const directory = await mkdtemp(join(tmpdir(), "palisade-operator-"));
  const hosts = `${directory}.hosts`;
  await writeFile(hosts, hostsText(NODE_ADDRESS));
  const own = async (name: string) => {
    await chmod(join(directory, name), 0o600);
    await chown(join(directory, name), user, user);
  };
  const give = async (name: string, content: string) => {
    await writeFile(join(directory, name), content, { mode: 0o600 });
    await own(name);
  };
  await chown(directory, user, user);
  await copyFile(belongings.installer, join(directory, "palisade"));
  await chmod(join(directory, "palisade"), 0o755);
  const kubeconfig = await readFile(cluster.kubeconfig, "utf8");
  await give("kubeconfig", kubeconfig.replace(/https:\/\/127\.0\.0\.1:\d+/, `https://${NODE_ADDRESS}:${API_PORT}`));
  await give("vendor.pub", belongings.publicKeyPem);
  await give("values.yaml", belongings.values);
  await give("secrets.yaml", belongings.secrets);

  const namespace = await openNamespace(cluster, hosts);
  const entering = (...command: string[]): [string, string[]] => [
    "nsenter",
    ["--target", String(namespace.pid), "--net", "--mount", "--", ...command],
  ];
  const installer = (args: string[]) =>
    entering(
      ...["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups", "--no-new-privs"],
      ...["env", "--ignore-environment", `--chdir=${directory}`, "PATH=/nowhere", `HOME=${directory}`],
      ...["./palisade", ...args],
    );
  const inNetwork = (...command: string[]) => run(...entering(...command));
  return {
    directory,
    options: {
      bundle: ["--key", "vendor.pub", "--values", "values.yaml", ...["--registry", REGISTRY_NAME, "--plain-http"]],
      cluster: ["--kubeconfig", "kubeconfig"],
      secrets: ["--secrets", "secrets.yaml"],
    },
    palisade: (...args) => run(...installer(args)),
    command: (...args) => installer(args),
    start: (...args) => spawn(...installer(args)),
    inNetwork,
    entering,
    give,
    carry: async (...files) => {
      for (const file of files) await link(file, join(directory, basename(file)));
    },
    // The file itself is shown over /etc/hosts, and is written in place.
    lead: address => writeFile(hosts, hostsText(address)),
    close: async () => {
      await end(namespace);
      await rm(directory, { recursive: true });
      await rm(hosts);
    },
  };
}

const hostsText = (registry: string) => `127.0.0.1 localhost\n${registry} ${REGISTRY_NAME.split(":")[0]}\n`;

/** A process that holds a network of its own: a wire to the node, on which the node takes calls on two ports. */
async function openNamespace(cluster: Cluster, hosts: string): Promise<ChildProcess & { pid: number }> {
  const script = 'mount --bind "$0" /etc/hosts && echo ready && exec sleep infinity';
  const holder = spawn("unshare", ["--net", "--mount", "sh", "-c", script, hosts], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ready = await Promise.race([
    once(holder.stdout, "data").then(() => true),
    once(holder, "exit").then(() => false),
  ]);
  if (!ready || holder.pid === undefined) throw new Error("the operator has no network: unshare ended");
  const named = Object.assign(holder, { pid: holder.pid });
  try {
    // Its network alone: the node's own view of processes does not have the operator's.
    const inNode = async (...command: string[]) =>
      must(await run("nsenter", ["--target", String(cluster.pid), "--net", "--", ...command]), command);
    const inOwn = async (...command: string[]) =>
      must(await run("nsenter", ["--target", String(holder.pid), "--net", "--", ...command]), command);
    // That of an operator who has just gone may still be there.
    await run("nsenter", ["--target", String(cluster.pid), "--net", "--", "ip", "link", "delete", operatorLink]);
    await inNode(
      "ip",
      "link",
      "add",
      operatorLink,
      "type",
      "veth",
      "peer",
      "name",
      "eth0",
      "netns",
      String(holder.pid),
    );
    await inNode("ip", "address", "add", `${nodeAddress}/30`, "dev", operatorLink);
    await inNode("ip", "link", "set", operatorLink, "up");
    await inOwn("ip", "address", "add", `${operatorAddress}/30`, "dev", "eth0");
    for (const name of ["lo", "eth0"]) await inOwn("ip", "link", "set", name, "up");
    // All ways lead to the node, so that what does not arrive was refused there, and not for want of a way.
    await inOwn("ip", "route", "add", "default", "via", nodeAddress);
    const [enter = "", ...args] = cluster.enter;
    for (const rule of rules) {
      // Once for a node: a second operator finds them there.
      if ((await run(enter, [...args, "iptables", "-C", ...rule])).code === 0) continue;
      must(await run(enter, [...args, "iptables", "-I", ...rule]), rule);
    }
    return named;
  } catch (error) {
    await end(named);
    throw error;
  }
}

/** Each goes before those above it. */
const rules = [
  ["FORWARD", "-i", operatorLink, "-j", "DROP"],
  ["INPUT", "-i", operatorLink, "-j", "DROP"],
  ...[API_PORT, REGISTRY_PORT].map(port => [
    ...["INPUT", "-i", operatorLink, "-p", "tcp", "-d", NODE_ADDRESS],
    ...["--dport", String(port), "-j", "ACCEPT"],
  ]),
];

function must({ code, stderr }: RunResult, command: readonly string[]): void {
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
}

/** With its last process the network goes, and the wire with it. */
async function end(holder: ChildProcess): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  const ended = once(holder, "exit");
  holder.kill("SIGKILL");
  await ended;
}

/** What lies in the operator's directory. */
export const belongingsOf = async ({ directory }: Operator): Promise<string[]> => (await readdir(directory)).sort();
