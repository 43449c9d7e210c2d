// Cluster tests: what the systems meet outside: Telegram, an A2A service, a log collector. They stand beside the cluster, at addresses of their own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeAuthority, makeLeaf } from "../../src/components/kubernetes/certificate-maker";
import { cached } from "../../toolchain/cache";
import type { Cluster } from "../../toolchain/cluster/cluster";
import { run } from "../../toolchain/run";
import { referenceBinary } from "../services/images";

/** Range of the peers, outside the cluster's own. */
export const peerRange = "172.30.1.64/26";

const stands = {
  telegram: { address: "172.30.1.65", hosts: ["api.telegram.org"], asked: "/state" },
  a2a: { address: "172.30.1.66", hosts: ["a2a.peers.test", "generativelanguage.googleapis.com"], asked: "/calls" },
  siem: { address: "172.30.1.67", hosts: ["siem.peers.test"], asked: "/records" },
} as const;
export type PeerName = keyof typeof stands;

export interface Peers {
  /** Authority of their certificates, in PEM. */
  authority: string;
  /** Lines for the cluster's DNS: address, then names. */
  hosts: string[];
  /** Asks the control port of one; the answer as JSON. */
  ask(peer: PeerName, path: string): Promise<unknown>;
  /** Tells one by its control port what to do. */
  tell(peer: PeerName, path: string, what?: object): Promise<void>;
  /** Ends them, and takes their addresses away. */
  close(): Promise<void>;
}

/**
 * Starts them in the network of the cluster's node.
 * @param stay whether they belong to the node, outlive this process and end with the node; those that stand there already are used
 */
export async function startPeers({ pid }: Pick<Cluster, "pid">, directory: string, stay = false): Promise<Peers> {
  // Its network alone: the node has files and processes of its own.
  const [enter, ...entering] = ["nsenter", "--target", String(pid), "--net", "--"] as const;
  const inNode = (...command: string[]) => run(enter, [...entering, ...command]);
  const authority = await keptAuthority();
  await mkdir(directory, { recursive: true });
  const program = await referenceBinary("peers");
  const processes: ChildProcess[] = [];
  const asked = async (peer: PeerName, path: string, ...more: string[]): Promise<string> => {
    const url = `http://${stands[peer].address}:9090${path}`;
    const { stdout, stderr, code } = await inNode("curl", "-sS", "--fail", "--max-time", "5", ...more, url);
    if (code !== 0) throw new Error(`${peer} does not answer ${path}: ${stderr}`);
    return stdout;
  };
  const ask = async (peer: PeerName, path: string): Promise<unknown> => JSON.parse(await asked(peer, path));
  const standsAlready = async (name: PeerName) =>
    stay && (await ask(name, stands[name].asked).then(Boolean, () => false));
  for (const [name, { address, hosts }] of Object.entries(stands)) {
    if (await standsAlready(name as PeerName)) continue;
    const added = await inNode("ip", "addr", "add", `${address}/32`, "dev", "lo");
    if (added.code !== 0 && !stay) throw new Error(`address of ${name}: ${added.stderr}`);
    const pair = await makeLeaf({
      commonName: hosts[0],
      dnsNames: [...hosts],
      usages: ["server"],
      validityDays: 2,
      authority,
    });
    const files = { TLS_CERT_FILE: join(directory, `${name}.crt`), TLS_KEY_FILE: join(directory, `${name}.key`) };
    await writeFile(files.TLS_CERT_FILE, pair.certificate);
    await writeFile(files.TLS_KEY_FILE, pair.key, { mode: 0o600 });
    const listen = ["-listen", `${address}:443`, "-control", `${address}:9090`];
    const more = name === "siem" ? ["-syslog", `${address}:6514`] : [];
    const places = stay ? ["--target", String(pid), "--net", "--pid", "--"] : entering;
    const child = spawn(enter, [...places, program, name, ...listen, ...more], {
      env: { ...process.env, ...files },
      stdio: "ignore",
      detached: stay,
    });
    if (stay) child.unref();
    else processes.push(child);
  }
  const tell = async (peer: PeerName, path: string, what: object = {}): Promise<void> => {
    await asked(peer, path, "--data", JSON.stringify(what));
  };
  const close = async () => {
    for (const child of processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await Promise.race([ended, sleep(5000).then(() => child.kill("SIGKILL"))]);
    }
    if (stay) return;
    for (const { address } of Object.values(stands)) await inNode("ip", "addr", "del", `${address}/32`, "dev", "lo");
  };
  try {
    for (const name of Object.keys(stands) as PeerName[]) await answering(() => ask(name, stands[name].asked), name);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    authority: authority.certificate,
    hosts: Object.values(stands).map(({ address, hosts }) => [address, ...hosts].join(" ")),
    ask,
    tell,
    close,
  };
}

/**
 * The same for a month, so that images that trust it are the same too and nobody reads them anew for a list of what they hold. Nothing
 * but stand-ins trusts it.
 */
async function keptAuthority(): Promise<{ certificate: string; key: string }> {
  const month = new Date().toISOString().slice(0, 7);
  const waiting = () => process.stderr.write("  … another test is making the peers' authority; waiting for it\n");
  const directory = await cached("peers-authority", month, waiting, async into => {
    const made = await makeAuthority({ commonName: "peers of the tests", validityDays: 62 });
    await writeFile(join(into, "authority.json"), JSON.stringify(made), { mode: 0o600 });
  });
  return JSON.parse(await readFile(join(directory, "authority.json"), "utf8")) as { certificate: string; key: string };
}

async function answering(ask: () => Promise<unknown>, name: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    if (
      await ask().then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(200);
  }
  throw new Error(`${name} did not start in ten seconds`);
}
