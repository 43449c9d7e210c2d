// CLI: where the local AWS of this checkout listens.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { Failure } from "../../toolchain/failure";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { localAwsFromEnvironment } from "../config/process-environment";

/**
 * `PALISADE_LOCAL_AWS`, or what the dev stack's configuration says.
 * @throws Failure if neither names one.
 */
export async function localAwsEndpoint(): Promise<string> {
  const fromEnvironment = localAwsFromEnvironment();
  if (fromEnvironment) return fromEnvironment;
  const file = parse(await readFile(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"), "utf8")) as {
    config?: Record<string, { endpoint?: string } | undefined>;
  };
  const endpoint = file.config?.["palisade:localAws"]?.endpoint;
  if (endpoint) return endpoint;
  throw new Failure(
    "Pulumi.dev.yaml has no `palisade:localAws`, so the dev stack goes to an AWS account",
    "Use the engine directly: `pulumi up --stack dev`. For the local AWS: `PALISADE_LOCAL_AWS=http://127.0.0.1:4600 npm start`.",
  );
}
