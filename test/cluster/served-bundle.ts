// Cluster tests: `palisade serve` at the operator's: a registry that is the bundle's file, on an address of the operator's own that the node can reach.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layoutOf } from "../../toolchain/cluster/layout";
import { run } from "../../toolchain/run";
import { makeAuthority, makeCertificate } from "../toolchain/certificates";
import type { BundleRoom } from "./bundle-room";
import { eventually } from "./kube";
import { operatorAddress, operatorLink } from "./operator";

export interface ServedBundle {
  /** What it wrote to standard error so far. */
  complaints(): string;
  /** Ends it with SIGTERM. @returns exit code and all that it printed */
  stop(): Promise<{ code: number | null; stdout: string }>;
}

export const servedAddress = `${operatorAddress}:5443`;

/**
 * Makes an authority and a certificate of it for the operator's machine, and lets the node's containerd trust it, as an administrator does once.
 * The operator has them as `serve.crt`, `serve.key` and `authority.pem`.
 */
export async function trustServed({ operator, cluster, directory }: BundleRoom): Promise<void> {
  const made = await mkdtemp(join(tmpdir(), "palisade-authority-"));
  try {
    await makeAuthority(made);
    await makeCertificate(made, "serve", `IP:${operatorAddress}`);
    for (const [name, file] of [
      ["authority.pem", "ca.pem"],
      ["serve.crt", "serve.crt"],
      ["serve.key", "serve.key"],
    ] as const)
      await operator.give(name, await readFile(join(made, file), "utf8"));
    const home = join(layoutOf(join(directory, "cluster")).config, "registries", servedAddress);
    await mkdir(home, { recursive: true });
    await copyFile(join(made, "ca.pem"), join(home, "ca.pem"));
    const host = `https://${servedAddress}`;
    await writeFile(
      join(home, "hosts.toml"),
      `server = "${host}"\n[host."${host}"]\n  capabilities = ["pull", "resolve"]\n  ca = "${join(home, "ca.pem")}"\n`,
    );
  } finally {
    await rm(made, { recursive: true });
  }
  // Answers to what the node itself asked for, and nothing else that comes over the operator's wire.
  const [enter = "", ...args] = cluster.enter;
  const rule = ["INPUT", "-i", operatorLink, "-m", "conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT"];
  const { code, stderr } = await run(enter, [...args, "iptables", "-I", ...rule]);
  if (code !== 0) throw new Error(stderr);
}

/** @param path of the repositories, as the references name it */
export async function serveBundle({ operator }: BundleRoom, bundle: string, path: string): Promise<ServedBundle> {
  const place = ["--key", "vendor.pub", "--values", "values.yaml", "--registry", `${servedAddress}/${path}`];
  const at = ["--listen", servedAddress, "--tls-cert", "serve.crt", "--tls-key", "serve.key"];
  const child = operator.start("serve", bundle, ...place, ...at);
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      said[stream] += text;
    });
  await serving(child, said);
  return {
    complaints: () => said.stderr,
    stop: async () => {
      const closed = once(child, "close");
      child.kill("SIGTERM");
      await closed;
      return { code: child.exitCode, stdout: said.stdout };
    },
  };
}

/** Every byte of the bundle is verified before it begins. */
async function serving(child: ChildProcess, said: { stdout: string; stderr: string }): Promise<void> {
  const isOver = () => child.exitCode !== null || said.stdout.includes("Serving");
  if (await eventually(async () => isOver(), Boolean, 60_000)) if (child.exitCode === null) return;
  child.kill("SIGKILL");
  throw new Error(`palisade serve does not serve (${child.exitCode}): ${said.stderr}`);
}

/** What came of one request: `bytes` of a whole answer, or why it did not come whole. */
export interface Asked {
  status?: number;
  bytes?: number;
  error?: string;
}

const asking = `
  const { request } = require("node:https");
  const [method, url, range, authority] = process.argv.slice(1);
  const ca = require("node:fs").readFileSync(authority);
  const say = answer => process.stdout.write(JSON.stringify(answer));
  request(url, { method, headers: range ? { range } : {}, ca, agent: false }, async answer => {
    let bytes = 0;
    try {
      for await (const chunk of answer) bytes += chunk.length;
      say({ status: answer.statusCode, bytes });
    } catch (error) {
      say({ status: answer.statusCode, error: error.message });
    }
  }).on("error", error => say({ error: error.message })).end();`;

/** One request from the operator's machine, by the operator's authority. */
export async function askServed({ operator }: BundleRoom, method: string, url: string, range = ""): Promise<Asked> {
  const authority = join(operator.directory, "authority.pem");
  const args = ["-e", asking, method, url, range, authority];
  const { stdout, stderr } = await operator.inNetwork(process.execPath, ...args);
  if (stdout === "") throw new Error(`${method} ${url}: ${stderr}`);
  return JSON.parse(stdout) as Asked;
}
