// Local on-prem: what `npm run onprem` does: a cluster of this checkout, a vendor and an operator beside it, and a bundle that goes from one to the
// other. Reference services stand in for the real ones.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Status, WorkloadStatus } from "../../src/onprem/install/status";
import { type Cluster, clusterUp } from "../../toolchain/cluster/cluster";
import { layoutOf } from "../../toolchain/cluster/layout";
import { Failure } from "../../toolchain/failure";
import { ensureInstaller } from "../../toolchain/installer/installer";
import { during } from "../../toolchain/progress";
import { run } from "../../toolchain/run";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { placeSecrets, placeValues, shippedValues } from "./bundle-stack";
import { type ClusterRoom, pretendGpu, pushImages, teachDns } from "./local-stack";
import { type Operator, openOperator } from "./operator";
import { startPeers } from "./peers";
import { type Tried, tryEveryWay } from "./proofs/network";
import { prepareCluster, proofPrograms } from "./running-system";
import { openVendor, type Vendor } from "./vendor";

export interface Installed {
  cluster: Cluster;
  version: string;
  workloads: WorkloadStatus[];
  network: Tried;
}

const version = "1.0.0";
const stack = "onprem-local";

/**
 * Brings all of it up; what is there already is left as it is. The installer's own output goes to the terminal.
 * @param clusterDirectory of the checkout's cluster
 * @param directory keeps the vendor's registry and key, and the bundle
 * @throws Failure if the installer does not end well
 */
export async function installLocally(clusterDirectory: string, directory: string): Promise<Installed> {
  const cluster = await clusterUp(clusterDirectory);
  const vendor = await openVendor({ directory: join(directory, "vendor"), project: PROJECT_DIRECTORY, stack });
  let operator: Operator | undefined;
  try {
    const room = await prepared(cluster, clusterDirectory, directory, vendor);
    const bundle = join(directory, `palisade-${version}.tar`);
    await during("the stack rendered, and its bundle made", async () => {
      await rm(bundle, { force: true });
      await vendor.release({ version, values: shippedValues(room), out: bundle });
    });
    const installers = await ensureInstaller();
    operator = await openOperator(cluster, {
      installer: process.arch === "arm64" ? installers.arm64 : installers.amd64,
      publicKeyPem: vendor.publicKeyPem,
      values: placeValues(room),
      secrets: placeSecrets(),
    });
    await operator.carry(bundle);
    const { workloads } = await installed(operator, `palisade-${version}.tar`);
    const programs = await proofPrograms();
    const network = await during("every pod tries every way", () => tryEveryWay({ room, programs }));
    return { cluster, version, workloads, network };
  } finally {
    await operator?.close();
    await vendor.close();
  }
}

type Room = Pick<ClusterRoom, "cluster" | "digests" | "directory" | "kubectl" | "peers">;

/** The customer's cluster as it was before anybody carried anything in, and the vendor's registry with all images. */
async function prepared(cluster: Cluster, clusterDirectory: string, directory: string, vendor: Vendor): Promise<Room> {
  return during("the customer's surroundings, and the vendor's images", async () => {
    const peers = await startPeers(cluster, join(layoutOf(clusterDirectory).root, "peers"), true);
    const kubectl: ClusterRoom["kubectl"] = (...args) =>
      run(cluster.binaries.kubectl, ["--kubeconfig", cluster.kubeconfig, ...args]);
    await teachDns(kubectl, peers.hosts);
    await pretendGpu(kubectl);
    const images = await mkdtemp(join(tmpdir(), "palisade-images-"));
    try {
      const digests = await pushImages(cluster, images, peers.authority, vendor.registry);
      const room = { cluster, digests, directory, kubectl, peers };
      await prepareCluster(room);
      return room;
    } finally {
      await rm(images, { recursive: true });
    }
  });
}

/** Whatever is due: what is installed with another content is upgraded, as the installer itself would tell. */
async function installed(operator: Operator, bundle: string): Promise<Status> {
  const { options } = operator;
  const before = await statusOf(operator);
  const command = before.installed ? "upgrade" : "install";
  const args = [command, bundle, ...options.bundle, ...options.secrets, ...options.cluster];
  process.stderr.write(`\n$ palisade ${args.join(" ")}\n`);
  const child = spawn(...operator.command(...args), { stdio: ["ignore", "inherit", "inherit"] });
  const [code] = await once(child, "close");
  if (code !== 0)
    throw new Failure(
      `the installer ended with ${code}; what it says stands above`,
      "Mend what it names and run the same command again; or begin anew: `npx palisade sandbox down --cluster`.",
    );
  return statusOf(operator);
}

async function statusOf({ palisade, options }: Operator): Promise<Status> {
  const { code, stdout, stderr } = await palisade("status", "--json", ...options.cluster);
  if (code !== 0) throw new Failure(`the installer cannot tell what is installed: ${stderr.trim()}`, "");
  return JSON.parse(stdout) as Status;
}
