// Preflight: whether the storage classes exist, and shared volumes have one that can be shared (IS-4, SA-7).
import { ApiError } from "../../kubernetes/errors";
import { type JsonObject, textAt } from "../../kubernetes/json";
import { get } from "../../kubernetes/objects";
import { claimsOf } from "../grant/rules";
import { type Finding, failed, ok, warning } from "./finding";
import type { Check } from "./inputs";
import { bytesText, quantityOf } from "./quantity";

export const storage: Check = async ({ cluster, release }) => {
  const claims = claimsOf(release.objects);
  const names = [...new Set(claims.map(({ claim }) => claim.storageClassName ?? ""))].toSorted();
  const findings: Finding[] = [];
  for (const name of names) {
    const own = claims.filter(({ claim }) => (claim.storageClassName ?? "") === name);
    const isShared = own.some(({ claim }) => claim.accessModes?.includes("ReadWriteMany"));
    const bytes = own.reduce(
      (sum, { claim, count }) => sum + count * (quantityOf(claim.resources?.requests?.storage) ?? 0),
      0,
    );
    const path = `/apis/storage.k8s.io/v1/storageclasses/${encodeURIComponent(name)}`;
    const place = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", namespace: "", name, path };
    const live = await get(cluster, place).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 403) return "forbidden" as const;
      throw error;
    });
    findings.push(judgeClass(name, live, isShared, bytes));
  }
  return findings;
};

/** Provisioners whose volumes one node alone can mount; a claim for many would wait for ever. */
const singleNode = [
  "rancher.io/local-path",
  "kubernetes.io/no-provisioner",
  "ebs.csi.aws.com",
  "pd.csi.storage.gke.io",
  "disk.csi.azure.com",
  "csi.vsphere.vmware.com",
  "cinder.csi.openstack.org",
  "rbd.csi.ceph.com",
  "topolvm.io",
  "local.csi.openebs.io",
];

/** Pure. */
export function judgeClass(
  name: string,
  live: JsonObject | "forbidden" | undefined,
  isShared: boolean,
  bytes: number,
): Finding {
  const id = "storage-class";
  const needed = `storage class \`${name}\` with ${bytesText(bytes)}${isShared ? ", mounted by several nodes at once (ReadWriteMany)" : ""}`;
  const role = isShared ? "replicas" : "replica";
  if (live === "forbidden")
    return warning(
      id,
      `this account may not see storage class \`${name}\``,
      needed,
      `An administrator looks: kubectl get storageclass ${name}`,
    );
  if (!live)
    return failed(
      id,
      `there is no storage class \`${name}\``,
      needed,
      `Name one that there is as \`cluster.storageClasses.${role}\` in the values. See: kubectl get storageclass`,
    );
  const provisioner = textAt(live, "provisioner");
  const isSingle = singleNode.some(known => provisioner === known || provisioner.endsWith(`.${known}`));
  if (isShared && isSingle)
    return failed(
      id,
      `volumes of \`${name}\` (${provisioner}) can be mounted by one node only`,
      needed,
      "Name a class of shared storage, such as NFS or CephFS, as `cluster.storageClasses.replicas` in the values. See: kubectl get storageclass",
    );
  return ok(id, `\`${name}\` (${provisioner})${isShared ? ", taken to be shared" : ""}`, needed);
}
