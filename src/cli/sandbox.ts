// CLI: `sandbox up|down|status`.
import { Failure } from "../../toolchain/failure";
import { sandboxDown, sandboxStatus, sandboxUp } from "../../toolchain/sandbox";
import { DEV_DIRECTORY } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";
import { localAwsEndpoint } from "./endpoint";
import { load } from "./load";
import { EXIT } from "./main";

/** Which sandbox a command is about, and how it answers. */
export interface SandboxOptions {
  /** A cluster instead of the local AWS. */
  cluster?: boolean;
  /** With `cluster`: file that names the cluster to use. */
  kubeconfig?: string;
  /** With `cluster`: kind's. */
  kind?: boolean;
  json?: boolean;
}

/** Starts, stops or looks at the local AWS, or the local cluster, of this checkout. `status` fails if it does not run. */
export async function sandbox(command: "up" | "down" | "status", options: SandboxOptions): Promise<number> {
  if (options.cluster) return load("./cluster").sandboxCluster(command, options);
  if (options.kubeconfig || options.kind)
    throw new Failure(
      `\`--${options.kind ? "kind" : "kubeconfig"}\` names a cluster, and the sandbox without \`--cluster\` is the local AWS`,
      `\`npx palisade sandbox ${command} --cluster ${options.kind ? "--kind" : `--kubeconfig ${options.kubeconfig}`}\``,
    );
  const show = (value: object, text: string) =>
    process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : `${text}\n`);
  if (command === "up") {
    const tools = await ensureToolchain();
    const running = await sandboxUp(tools.localAws, DEV_DIRECTORY, await localAwsEndpoint());
    show(running, `The local AWS answers on ${running.endpoint}.`);
    return EXIT.done;
  }
  if (command === "down") {
    const stopped = await sandboxDown(DEV_DIRECTORY);
    show({ stopped }, stopped ? "The local AWS is stopped; its memory is gone." : "No local AWS was running.");
    return EXIT.done;
  }
  const running = await sandboxStatus(DEV_DIRECTORY);
  show(
    running ?? {},
    running ? `The local AWS answers on ${running.endpoint}.` : "No local AWS is running: `npx palisade sandbox up`.",
  );
  return running ? EXIT.done : EXIT.failed;
}
