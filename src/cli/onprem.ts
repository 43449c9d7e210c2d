// CLI: `onprem`: the on-premises delivery on this machine, from the vendor's images to five healthy systems in a cluster that was closed before.
import { join } from "node:path";
import { Failure } from "../../toolchain/failure";
import { exclusively } from "../../toolchain/lock";
import { forwardInterrupts } from "../../toolchain/run";
import { DEV_DIRECTORY } from "../../toolchain/stack";
import { CLUSTER_DIRECTORY } from "./cluster";
import { load } from "./load";
import { EXIT } from "./main";
import { table } from "./table";

/** Keeps what the vendor has: registry, key, bundle. */
const DIRECTORY = join(DEV_DIRECTORY, "onprem");

interface Workload {
  namespace: string;
  missing: string;
}

/**
 * Local cluster, bundle, install, proof of the network; a second run finds all as it should be.
 * @throws Failure if something does not become healthy, or a pod reaches what it may not
 */
export async function onprem(): Promise<number> {
  forwardInterrupts();
  const waiting = () =>
    process.stderr.write("  … another `npm run onprem` of this checkout is at work; waiting for it\n");
  return exclusively(`onprem:${DIRECTORY}`, waiting, async () => {
    const { installLocally } = load("../../test/cluster/local-onprem");
    process.stderr.write(
      "Reference services stand in for the real ones: same starts, checks, ports and state; none of their business.\n",
    );
    const { cluster, version, workloads, network } = await installLocally(CLUSTER_DIRECTORY, DIRECTORY);
    const systems = systemsOf(workloads);
    process.stdout.write(`\n${table([["system", "workloads", "state"], ...systems.map(rowOf)])}`);
    const { pods, attempts, reached, differences } = network;
    process.stdout.write(
      `\nNetwork: ${attempts} ways tried from ${pods} pods; ${reached} are allowed and arrived, ${attempts - reached - differences.length} are not and did not.\n`,
    );
    if (differences.length > 0)
      throw new Failure(
        `the network is not as specified:\n${differences.slice(0, 10).join("\n")}`,
        "Run the same command again; if it stays, `npx palisade sandbox down --cluster` and begin anew.",
      );
    const unwell = systems.filter(({ missing }) => missing.length > 0);
    if (unwell.length > 0)
      throw new Failure(
        `not healthy: ${unwell.map(({ name }) => name).join(", ")}`,
        `Look: kubectl --kubeconfig ${cluster.kubeconfig} get pods --all-namespaces`,
      );
    process.stdout.write(farewell(cluster.kubeconfig, version));
    return EXIT.done;
  });
}

export interface System {
  name: string;
  workloads: number;
  missing: string[];
}

/** One for each namespace of a workload; what they share is `palisade`. Pure. */
export function systemsOf(workloads: readonly Workload[]): System[] {
  const nameOf = ({ namespace }: Workload) => namespace.replace(/-dev(-nodes)?$/, "");
  return [...new Set(workloads.map(nameOf))].sort().map(name => {
    const all = workloads.filter(workload => nameOf(workload) === name);
    return {
      name,
      workloads: all.length,
      missing: all.map(({ missing }) => missing).filter(missing => missing !== ""),
    };
  });
}

const rowOf = ({ name, workloads, missing }: System): string[] => [
  name,
  `${workloads - missing.length} of ${workloads} ready`,
  missing[0] ?? "healthy",
];

const farewell = (kubeconfig: string, version: string): string => `
Release ${version} runs in a cluster on this machine, installed by an executable that could reach nothing but that cluster.

  look       export KUBECONFIG=${kubeconfig}
             kubectl get pods --all-namespaces
  again      npm run onprem
  take down  npx palisade sandbox down --cluster
`;
