// Kubernetes components: the volumes of a workload as claims, and where its pods mount them (IS-3, IS-4, IS-9, SA-7).
// A claim belongs to the user's group (`fsGroup`). A class of shared storage that knows no groups, such as NFS, must itself give
// directories of that user: no container here may change an owner.
import { placeOf, trimmed } from "../../workload/log-files";
import type { Service, Workload } from "../../workload/workload";
import type { ClusterHome } from "./cluster-home";
import { objectName } from "./names";
import { type KubernetesObject, labelsOf } from "./object";
import type { PodParts, PodVolume, VolumeMount, WorkloadPart } from "./pod-parts";
import { gibibytes, mebibytes } from "./quantity";

type Volume = Workload["state"]["volumes"][string];

/** What says which key encrypts a claim; the storage class is what encrypts it (SA-7). */
const dataClassLabel = "palisade.dev/data-class";

/** Claims that all replicas share, and every service's part in them. */
export function volumesPart(home: ClusterHome): WorkloadPart {
  const all = Object.entries(home.workload.state.volumes);
  return {
    partsFor: serviceName => mountedBy(home.workload, serviceName),
    objects: all
      .filter(([, { sharing }]) => sharing === "replicas")
      .map(([name, volume]) => ({
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: {
          name: objectName(name),
          namespace: home.namespace,
          labels: { ...labelsOf(home.workload.name, name), [dataClassLabel]: volume.dataClass },
        },
        spec: claim(volume, "ReadWriteMany", home.storageClasses.replicas),
      })),
  };
}

/** Claims that a StatefulSet makes for each of its replicas. */
export function claimTemplates(home: ClusterHome, serviceName: string): KubernetesObject[] {
  return ownVolumes(home.workload, serviceName).map(([name, volume]) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: objectName(name),
      labels: { ...labelsOf(home.workload.name, name), [dataClassLabel]: volume.dataClass },
    },
    spec: claim(volume, "ReadWriteOnce", home.storageClasses.replica),
  }));
}

/** User id that the volumes of a service belong to; undefined without volumes. */
export function volumeOwner({ state }: Pick<Workload, "state">, serviceName: string): number | undefined {
  return Object.values(state.volumes).find(volume => mountsOf(volume, serviceName).length > 0)?.ownerUser;
}

/** Scratch space in memory, which counts as memory of the replica (RT-12, SP-6). */
export function scratch({ tmpfs }: Pick<Service, "tmpfs">): { volumes: PodVolume[]; mounts: VolumeMount[] } {
  return {
    volumes: tmpfs.map(({ sizeMiB }, i) => ({
      name: scratchName(i),
      emptyDir: { medium: "Memory", sizeLimit: mebibytes(sizeMiB) },
    })),
    mounts: tmpfs.map(({ path }, i) => ({ name: scratchName(i), mountPath: trimmed(path) })),
  };
}

function scratchName(i: number): string {
  return `scratch-${i}`;
}

/** Services with a log file outside every volume: nobody could follow it there. */
export function logsInMemory(workload: Workload): { service: string; index: number; tmpfs: string }[] {
  return Object.entries(workload.services).flatMap(([service, { logs }]) =>
    logs.flatMap(({ file }, index) => {
      const place = file === undefined ? undefined : placeOf(workload, service, file);
      return place && "tmpfs" in place ? [{ service, index, tmpfs: place.tmpfs }] : [];
    }),
  );
}

function mountedBy({ state }: Pick<Workload, "state">, serviceName: string): PodParts {
  const own = Object.entries(state.volumes).flatMap(([name, volume]) =>
    mountsOf(volume, serviceName).map(mount => ({ name, volume, mount })),
  );
  const shared = new Map(own.filter(({ volume }) => volume.sharing === "replicas").map(use => [use.name, use.volume]));
  return {
    volumes: [...shared].map(([name, volume]) => ({
      name: objectName(name),
      persistentVolumeClaim: {
        claimName: objectName(name),
        ...(readsOnly(volume, serviceName) && { readOnly: true }),
      },
    })),
    mounts: own.map(({ name, mount }) => ({
      name: objectName(name),
      mountPath: trimmed(mount.path),
      ...(mount.readOnly && { readOnly: true }),
    })),
  };
}

function ownVolumes({ state }: Pick<Workload, "state">, serviceName: string): [string, Volume][] {
  return Object.entries(state.volumes).filter(
    ([, volume]) => volume.sharing === "replica" && mountsOf(volume, serviceName).length > 0,
  );
}

function claim({ sizeGiB }: Volume, accessMode: string, storageClassName: string) {
  return { accessModes: [accessMode], storageClassName, resources: { requests: { storage: gibibytes(sizeGiB) } } };
}

function mountsOf({ mounts }: Volume, serviceName: string): Volume["mounts"] {
  return mounts.filter(mount => mount.service === serviceName);
}

/** The claim itself is taken read-only where every mount of it is: no later mount of the pod can write (IS-9). */
function readsOnly(volume: Volume, serviceName: string): boolean {
  return mountsOf(volume, serviceName).every(({ readOnly }) => readOnly);
}
