// Cluster: one that the user named. It is asked whether it is ready, and nothing else.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Failure } from "../failure";
import { onPath } from "../find";
import { run } from "../run";
import { clusterTools } from "./tools";

const ANSWER_TIMEOUT_MS = 20_000;

/** A cluster that palisade neither started nor will end. */
export interface GivenCluster {
  /** Absolute path. */
  kubeconfig: string;
  /** Current context of the file. */
  context: string;
  /** Address of its API. */
  server: string;
}

/**
 * Looks at the cluster of a kubeconfig's current context.
 * @param named what named the file, for errors
 * @throws Failure if the file is not there, names no context, or the cluster does not answer
 */
export async function givenCluster(kubeconfig: string, named: string): Promise<GivenCluster> {
  const file = resolve(kubeconfig);
  if (!existsSync(file))
    throw new Failure(
      `\`${named}\` names ${file}, which does not exist`,
      "Name a kubeconfig that does, or leave it out.",
    );
  const kubectl = onPath("kubectl") ?? `${(await clusterTools()).kubernetes}/kubectl`;
  const ask = (...args: string[]) => run(kubectl, ["--kubeconfig", file, ...args], { timeoutMs: ANSWER_TIMEOUT_MS });
  const view = await ask(
    "config",
    "view",
    "--minify",
    "-o",
    "jsonpath={.current-context} {.clusters[0].cluster.server}",
  );
  if (view.code !== 0)
    throw new Failure(
      `\`${named}\` names ${file}, which has no usable current context: ${view.stderr.trim()}`,
      `List its contexts: \`kubectl --kubeconfig ${file} config get-contexts\`.`,
    );
  const [context = "", server = ""] = view.stdout.trim().split(" ");
  const ready = await ask("get", "--raw", "/readyz", "--request-timeout=15s");
  if (ready.code !== 0 || ready.stdout.trim() !== "ok")
    throw new Failure(
      `the cluster ${context} of ${file} is not ready: ${(ready.stderr || ready.stdout).trim().split("\n").at(-1)}`,
      `Look at it: \`kubectl --kubeconfig ${file} get --raw '/readyz?verbose'\`.`,
    );
  return { kubeconfig: file, context, server };
}
