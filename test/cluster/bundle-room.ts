// Cluster tests: a vendor, a cluster that is nobody's but the customer's, and whoever carries bundles from one to the other (PF-3).
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImageSpec } from "../../toolchain/images";
import { packImage, pushImage } from "../../toolchain/images";
import { ensureInstaller } from "../../toolchain/installer/installer";
import { type Clone, openClone } from "../docs/clone";
import { referenceBinary } from "../services/images";
import { type ReferenceRepository, referenceSpec } from "../services/specs";
import { placeSecrets, placeValues } from "./bundle-stack";
import { type ClusterRoom, openClusterRoom } from "./local-stack";
import { type Operator, openOperator } from "./operator";
import { openVendor, type Vendor, type WantedRelease } from "./vendor";

export interface BundleRoom extends ClusterRoom {
  vendor: Vendor;
  operator: Operator;
  /** Makes a bundle and carries it to the operator. @returns its name there */
  ship(wanted: Omit<WantedRelease, "out">): Promise<string>;
  /** Another build of a reference service, in the vendor's registry. @returns its digest */
  rebuilt(repository: ReferenceRepository, change: (spec: ImageSpec) => ImageSpec): Promise<string>;
}

/** @param workloads those whose secrets the operator has; all */
export async function openBundleRoom(workloads?: readonly string[]): Promise<BundleRoom> {
  const directory = await mkdtemp(join(tmpdir(), "palisade-bundle-"));
  const open: { vendor?: Vendor; clone?: Clone; room?: ClusterRoom; operator?: Operator } = {};
  const close = async () => {
    await open.operator?.close();
    await open.room?.close();
    await open.vendor?.close();
    await open.clone?.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const { amd64, arm64 } = await ensureInstaller();
    open.clone = await openClone();
    const vendor = await openVendor({
      directory: join(directory, "vendor"),
      project: open.clone.directory,
      stack: "shipped",
    });
    open.vendor = vendor;
    const room = await openClusterRoom(vendor.registry);
    open.room = room;
    const operator = await openOperator(room.cluster, {
      installer: process.arch === "arm64" ? arm64 : amd64,
      publicKeyPem: vendor.publicKeyPem,
      values: placeValues(room),
      secrets: placeSecrets(workloads),
    });
    open.operator = operator;
    let builds = 0;
    return {
      ...{ ...room, vendor, operator, close },
      ship: async wanted => {
        const name = `palisade-${wanted.version}${wanted.since === undefined ? "" : ".delta"}.tar`;
        const since = wanted.since === undefined ? undefined : join(directory, wanted.since);
        await operator.carry(await vendor.release({ ...wanted, since, out: join(directory, name) }));
        return name;
      },
      rebuilt: async (repository, change) => {
        const bin = join(await referenceBinary("peers"), "..");
        const layout = join(directory, `build-${++builds}`);
        const { digest } = await packImage(change(referenceSpec(repository, bin, room.peers.authority)), layout);
        await pushImage(layout, vendor.registry, repository);
        return digest;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
