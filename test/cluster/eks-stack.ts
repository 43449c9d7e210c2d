// Tests of compute EKS: a stack like dev, of two workloads that run as pods, in a local AWS.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type LocalStack, PROJECT_DIRECTORY, pulumi } from "../../toolchain/stack";
import type { Room } from "../local-stack";

export const releaseRole = "arn:aws:iam::123456789012:role/release";
export const adminRole = "arn:aws:iam::123456789012:role/break-glass";

/** Digests of helpers, made up like those of `Pulumi.dev.yaml`. */
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

interface Settings {
  config: Record<string, Record<string, unknown>> & { "palisade:workloads": Record<string, unknown> };
}

/** @param kubeconfig of a cluster that stands in for the control plane; left out: objects are not applied. */
export async function openEksStack(
  room: Room,
  name: string,
  { kubeconfig, project }: { kubeconfig?: string; project?: string } = {},
): Promise<LocalStack> {
  const { config } = parse(readFileSync(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"), "utf8")) as Settings;
  const { sanctum, router } = config["palisade:workloads"];
  const source = join(room.directory, `Pulumi.${name}.yaml`);
  const own = {
    ...config,
    "palisade:compute": "eks",
    "palisade:eks": { releaseRoleArn: releaseRole, adminRoleArn: adminRole },
    "palisade:localAws": { endpoint: room.sandbox.endpoint, ...(kubeconfig && { kubeconfig }) },
    "palisade:platformImages": {
      ...config["palisade:platformImages"],
      collector: digest("c"),
      "workload-guard": digest("d"),
    },
    "palisade:workloads": { sanctum, router },
  };
  writeFileSync(source, stringify({ config: own }));
  const stack = await room.stack(name, { source, project });
  for (const variable of ["TELEGRAM_BOT_TOKEN", "A2A_TOKEN"]) {
    // Made up, so it may be an argument.
    const args = ["config", "set", "--secret", "--path", `palisade:secrets.router.${variable}`, `made-up-${variable}`];
    const { code, stderr } = await pulumi(stack, [...args, "--config-file", stack.configFile], { project });
    if (code !== 0) throw new Error(`config set ended with ${code}: ${stderr}`);
  }
  return stack;
}
