// Preflight: whether the volume claims that are there fit the release: one grows where its class lets it, and never shrinks or moves (IS-4, RT-9).
import { list } from "../../kubernetes/await/diagnosis";
import { ApiError } from "../../kubernetes/errors";
import { at, type JsonObject, textAt } from "../../kubernetes/json";
import { type Cluster, get } from "../../kubernetes/objects";
import { type Finding, failed, ok, warning } from "./finding";
import type { Check } from "./inputs";
import { bytesText, quantityOf } from "./quantity";
import { sizeOf, standingClaims, wantedClaims } from "./wanted-claims";

export const volumes: Check = async ({ cluster, release }) => {
  const wanted = wantedClaims(release.objects);
  const live = new Map<string, readonly JsonObject[]>();
  for (const namespace of new Set(wanted.map(each => each.namespace)))
    live.set(namespace, await list(cluster, "v1", "persistentvolumeclaims", namespace, {}));
  const standing = standingClaims(wanted, live);
  const classes = new Map<string, boolean | undefined>();
  for (const name of new Set(standing.map(({ live: claim }) => textAt(claim, "spec", "storageClassName"))))
    classes.set(name, await isExpandable(cluster, name));
  return judgeClaims(standing, classes);
};

/** Undefined where it cannot be seen. */
async function isExpandable(cluster: Cluster, name: string): Promise<boolean | undefined> {
  const path = `/apis/storage.k8s.io/v1/storageclasses/${encodeURIComponent(name)}`;
  const place = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", namespace: "", name, path };
  try {
    const live = name === "" ? undefined : await get(cluster, place);
    return live && at(live, "allowVolumeExpansion") === true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}

const id = "volume-size";

/**
 * Pure.
 * @param classes whether each storage class lets claims grow; undefined where nobody could see
 */
export function judgeClaims(
  standing: ReturnType<typeof standingClaims>,
  classes: ReadonlyMap<string, boolean | undefined>,
): Finding[] {
  const faults: Finding[] = [];
  let growing = 0;
  for (const { wanted, live, name } of standing) {
    const { namespace, owner } = wanted;
    const [before, after] = [quantityOf(sizeOf(live)), quantityOf(wanted.size)];
    const storageClass = textAt(live, "spec", "storageClassName");
    const of = `${owner} of ${namespace}: claim ${name}`;
    const see = `See: kubectl get persistentvolumeclaim ${name} -n ${namespace}`;
    if (wanted.storageClass !== "" && storageClass !== "" && wanted.storageClass !== storageClass)
      faults.push(
        failed(
          id,
          `${of} is of storage class \`${storageClass}\`, and the release wants \`${wanted.storageClass}\``,
          `\`${storageClass}\`: what is stored does not move`,
          `Leave \`cluster.storageClasses\` in the values as it was. ${see}`,
        ),
      );
    if (before === undefined || after === undefined || before === after) continue;
    const both = `${of} has ${bytesText(before)}, and the release gives it ${bytesText(after)}`;
    if (after < before)
      faults.push(
        failed(
          id,
          both,
          `${bytesText(before)} or more: Kubernetes cannot shrink a claim`,
          `Give it that much by its \`storageGiB\` in the values; where the release itself says less, ask the vendor. ${see}`,
        ),
      );
    else if (classes.get(storageClass) === true) growing++;
    else {
      const needed = `${bytesText(before)}, or a storage class that lets claims grow`;
      const fix = `Leave its size as it was; or, where the provisioner can do it, an administrator sets \`allowVolumeExpansion: true\`: kubectl edit storageclass ${storageClass}`;
      const found = `${both}; storage class \`${storageClass}\` does not let it grow`;
      const unseen = `${both}; whether storage class \`${storageClass}\` lets it grow could not be seen`;
      const isUnseen = classes.get(storageClass) === undefined && storageClass !== "";
      faults.push(isUnseen ? warning(id, unseen, needed, fix) : failed(id, found, needed, fix));
    }
  }
  if (faults.length > 0 || standing.length === 0) return faults;
  return [ok(id, `${standing.length} claims are there${growing > 0 ? `, ${growing} of which grow` : ""}`)];
}
