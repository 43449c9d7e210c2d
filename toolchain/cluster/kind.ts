// Cluster: one that `kind` runs, where its program and a container daemon are at hand and it was asked for.
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Failure } from "../failure";
import { onPath } from "../find";
import { exclusively } from "../lock";
import { during, type Report, step } from "../progress";
import { run } from "../run";
import { layoutOf } from "./layout";

const CREATE_TIMEOUT_MS = 600_000;
const ANSWER_TIMEOUT_MS = 20_000;

const home = (directory: string) => join(resolve(directory), "kind");
const kubeconfigOf = (directory: string) => join(home(directory), "kubeconfig");
const waiting = () => process.stderr.write("  … another palisade is at this cluster; waiting for it\n");
const locked = <T>(directory: string, work: () => Promise<T>) =>
  exclusively(`cluster:${resolve(directory)}`, waiting, work);

/**
 * Starts the kind cluster of `directory`, unless it runs; its name comes from the directory, its kubeconfig stays there.
 * @returns path of the kubeconfig
 * @throws Failure if kind or its daemon is missing, or kind fails
 */
export async function kindUp(directory: string, report: Report = step): Promise<string> {
  return locked(directory, async () => {
    await needKind();
    const { cgroup: name } = layoutOf(directory);
    const kubeconfig = kubeconfigOf(directory);
    const there = await exists(name);
    if (there && existsSync(kubeconfig)) return kubeconfig;
    await mkdir(home(directory), { recursive: true, mode: 0o700 });
    const args = there
      ? ["export", "kubeconfig", "--name", name, "--kubeconfig", kubeconfig]
      : ["create", "cluster", "--name", name, "--kubeconfig", kubeconfig, "--wait", "180s"];
    const make = async () => {
      const { code, stderr } = await run("kind", args, { timeoutMs: CREATE_TIMEOUT_MS });
      if (code === 0) return;
      throw new Failure(
        `\`kind ${args.slice(0, 2).join(" ")}\` ended with ${code}: ${stderr.trim().split("\n").slice(-3).join("\n")}`,
        "Leave `--kind` out for a cluster without a container daemon: `npx palisade sandbox up --cluster`.",
      );
    };
    await during(`kind cluster ${name}`, make, report);
    return kubeconfig;
  });
}

/** Whether a kind cluster was started for this directory. */
export const startedWithKind = (directory: string): boolean => existsSync(home(directory));

/** Path of the kubeconfig of the running kind cluster of this directory, or undefined. */
export async function kindStatus(directory: string): Promise<string | undefined> {
  const kubeconfig = kubeconfigOf(directory);
  return existsSync(kubeconfig) && (await exists(layoutOf(directory).cgroup)) ? kubeconfig : undefined;
}

/** Deletes the kind cluster of this directory, and none other. */
export async function kindDown(directory: string): Promise<boolean> {
  return locked(directory, async () => {
    if (!startedWithKind(directory)) return false;
    await needKind();
    const { code, stderr } = await run("kind", ["delete", "cluster", "--name", layoutOf(directory).cgroup], {
      timeoutMs: CREATE_TIMEOUT_MS,
    });
    if (code !== 0) throw new Failure(`\`kind delete cluster\` ended with ${code}: ${stderr.trim()}`, "Run it again.");
    await rm(home(directory), { recursive: true, force: true });
    return true;
  });
}

async function exists(name: string): Promise<boolean> {
  const { code, stdout } = await run("kind", ["get", "clusters"], { timeoutMs: ANSWER_TIMEOUT_MS });
  return code === 0 && stdout.split("\n").includes(name);
}

/** Both: the program alone does nothing without a daemon, and a daemon that does not answer is none. */
async function needKind(): Promise<void> {
  const fix = "Leave `--kind` out for a cluster without a container daemon: `npx palisade sandbox up --cluster`.";
  if (!onPath("kind")) throw new Failure("`--kind` was asked for, and kind is not on PATH", fix);
  const daemon = await run("docker", ["info"], { timeoutMs: ANSWER_TIMEOUT_MS });
  if (daemon.code === 0) return;
  const reason = daemon.stderr.trim().split("\n").at(-1) ?? "";
  throw new Failure(`\`--kind\` was asked for, and its container daemon does not answer: ${reason}`, fix);
}
