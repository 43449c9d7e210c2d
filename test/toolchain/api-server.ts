// Tests: a kube-apiserver, its etcd and the controllers that need no node, on loopback. What a node would say of pods, the
// test says; see `standInNode`.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureClusterTools } from "../../toolchain/cluster/cluster";
import { run } from "../../toolchain/run";
import { freePort } from "../../toolchain/sandbox";
import { makeAuthority, makeCertificate } from "./certificates";

export interface ApiServer {
  url: string;
  /** Path of a kubeconfig of the administrator. */
  kubeconfig: string;
  /** Path of a kubeconfig for the bearer of a token. */
  kubeconfigOf: (token: string) => string;
  /** Runs kubectl as the administrator and returns what it prints; `input` is the manifest that `-` stands for. */
  kubectl: (args: readonly string[], input?: object) => Promise<string>;
  /** Merges into the status of an object, as a controller would. */
  writeStatus: (resource: string, name: string, status: object, namespace: string) => Promise<void>;
  /** Ends all its processes and removes what they wrote. */
  stop: () => Promise<void>;
}

/** Without those of nodes and volumes; of a scheduler, tests say themselves what it would. */
const CONTROLLERS = [
  ...["garbage-collector", "namespace", "deployment", "replicaset", "statefulset", "job", "resourcequota"],
  ...["serviceaccount", "persistentvolumeclaim-protection", "persistentvolume-protection"],
].map(name => `${name}-controller`);
const ADMINISTRATOR = "administrator-of-the-tests";
const READY_TIMEOUT_MS = 180_000;

/** Waits until it answers. On failure nothing is left, and the error has the end of the server's log. */
export async function startApiServer(): Promise<ApiServer> {
  const { kubernetes, packages } = await ensureClusterTools();
  const directory = mkdtempSync(join(tmpdir(), "palisade-api-server-"));
  const children: ChildProcess[] = [];
  const stop = async () => {
    for (const child of children.toReversed()) await end(child);
    rmSync(directory, { recursive: true });
  };
  const file = (name: string) => join(directory, name);
  const start = (command: string, args: readonly string[], env?: NodeJS.ProcessEnv) => {
    const log = openSync(file(`${command.split("/").at(-1)}.log`), "w");
    children.push(spawn(command, args, { cwd: directory, stdio: ["ignore", log, log], env }));
    closeSync(log);
  };
  try {
    const [clients, peers, port] = [await freePort(), await freePort(), await freePort()];
    await makeAuthority(directory);
    for (const name of ["server", "accounts"]) await makeCertificate(directory, name);
    writeFileSync(file("tokens.csv"), `${ADMINISTRATOR},admin,admin,system:masters\n`, { mode: 0o600 });
    mkdirSync(file("etcd"), { mode: 0o700 });
    const etcd = `http://127.0.0.1:${clients}`;
    const etcdPeers = `http://127.0.0.1:${peers}`;
    start(
      join(packages.bin, "etcd"),
      [
        ...["--data-dir", file("etcd"), "--unsafe-no-fsync", "--log-level", "error"],
        ...["--listen-client-urls", etcd, "--advertise-client-urls", etcd, "--listen-peer-urls", etcdPeers],
        ...["--initial-advertise-peer-urls", etcdPeers, "--initial-cluster", `default=${etcdPeers}`],
      ],
      { ...process.env, ...packages.env },
    );
    start(join(kubernetes, "kube-apiserver"), [
      ...["--etcd-servers", etcd, "--bind-address", "127.0.0.1", "--secure-port", String(port)],
      ...["--tls-cert-file", file("server.crt"), "--tls-private-key-file", file("server.key")],
      ...["--token-auth-file", file("tokens.csv"), "--authorization-mode", "RBAC"],
      ...["--service-account-issuer", "https://tests.invalid", "--service-account-key-file", file("accounts.crt")],
      ...["--service-account-signing-key-file", file("accounts.key"), "--service-cluster-ip-range", "10.0.0.0/24"],
    ]);
    const url = `https://127.0.0.1:${port}`;
    const kubeconfigOf = (token: string) => writeKubeconfig(directory, url, token);
    const kubeconfig = kubeconfigOf(ADMINISTRATOR);
    const kubectl = kubectlOf(join(kubernetes, "kubectl"), kubeconfig, directory);
    await ready(kubectl, file("kube-apiserver.log"), children);
    start(join(kubernetes, "kube-controller-manager"), [
      ...["--kubeconfig", kubeconfig, "--service-account-private-key-file", file("accounts.key")],
      ...["--controllers", CONTROLLERS.join(","), "--secure-port", "0", "--leader-elect=false"],
    ]);
    const writeStatus: ApiServer["writeStatus"] = async (resource, name, status, namespace) => {
      const patch = ["--subresource=status", "--type=merge", "--patch", JSON.stringify({ status })];
      await kubectl(["patch", resource, name, "--namespace", namespace, ...patch]);
    };
    return { url, kubeconfig, kubeconfigOf, kubectl, writeStatus, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function kubectlOf(program: string, kubeconfig: string, directory: string): ApiServer["kubectl"] {
  let manifests = 0;
  return async (args, input) => {
    const manifest = join(directory, `manifest-${manifests++}.json`);
    if (input) writeFileSync(manifest, JSON.stringify(input), { mode: 0o600 });
    const words = args.map(word => (word === "-" ? manifest : word));
    const { code, stdout, stderr } = await run(program, ["--kubeconfig", kubeconfig, ...words]);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr.trim()}`);
    return stdout.trim();
  };
}

function writeKubeconfig(directory: string, server: string, token: string): string {
  const path = join(directory, `kubeconfig-${token.slice(-12).replaceAll(/[^A-Za-z0-9]/g, "")}`);
  const authority = readFileSync(join(directory, "ca.pem")).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "certificate-authority-data": authority } }],
    users: [{ name: "test", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

async function ready(kubectl: ApiServer["kubectl"], log: string, children: readonly ChildProcess[]): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while ((await kubectl(["get", "--raw", "/readyz"]).catch(String)) !== "ok") {
    if (Date.now() > deadline || children.some(child => child.exitCode !== null)) {
      const lines = readFileSync(log, "utf8").trim().split("\n").slice(-5).join("\n");
      throw new Error(`the API server does not become ready:\n${lines}`);
    }
    await sleep(250);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise(resolve => child.once("exit", resolve));
  // At once: nothing that it would save is kept.
  child.kill("SIGKILL");
  await ended;
}
