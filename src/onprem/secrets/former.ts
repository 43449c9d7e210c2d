// Secrets on the spot: what is written over is kept in a Secret until the new release runs, so that a way back has the values that ran (PF-7, SA-8, RT-12).
import { createHash } from "node:crypto";
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";
import { platformWorkload } from "../../components/kubernetes/cluster-foundation-home";
import { labelsOf } from "../../components/kubernetes/object";
import { askToDelete } from "../../kubernetes/delete";
import type { Cluster } from "../../kubernetes/objects";
import { isWritten, readSecret, type WrittenSecret, writeSecret } from "./live-secret";
import { formerSecret } from "./own";
import { secretPlace } from "./place";

const texts = z.record(z.string(), z.string());
const former = z.strictObject({
  namespace: z.string(),
  name: z.string(),
  type: z.string(),
  labels: texts,
  data: texts,
});

/** @param replaced as they stand, before anything is written over them; of two tellings the first counts, which is older */
export async function keepFormer(
  cluster: Cluster,
  platformNamespace: string,
  replaced: readonly WrittenSecret[],
): Promise<void> {
  if (replaced.length === 0) return;
  const live = await readSecret(cluster, platformNamespace, formerSecret);
  const now = replaced.map(({ namespace, name, type = "Opaque", labels, data }) => [
    keyOf(namespace, name),
    JSON.stringify({ namespace, name, type, labels, data }),
  ]);
  const data = { ...Object.fromEntries(now), ...live?.data };
  const labels = labelsOf(platformWorkload, formerSecret);
  const secret: WrittenSecret = { namespace: platformNamespace, name: formerSecret, labels, data };
  if (!isWritten(live, secret)) await writeSecret(cluster, secret);
}

/**
 * Can be done any number of times; what somebody else has taken over since is left.
 * @returns how many Secrets have other values now
 * @throws Failure if what was kept is not what an installer wrote
 */
export async function bringFormerBack(cluster: Cluster, platformNamespace: string): Promise<number> {
  const kept = await readSecret(cluster, platformNamespace, formerSecret);
  let changed = 0;
  for (const secret of formerOf(kept?.data ?? {}, platformNamespace)) {
    const live = await readSecret(cluster, secret.namespace, secret.name);
    if ((live && !live.isOurs) || isWritten(live, secret)) continue;
    await writeSecret(cluster, secret);
    changed++;
  }
  return changed;
}

/** Once a release runs, or has come back, nothing leads to what was before. */
export async function forgetFormer(cluster: Cluster, platformNamespace: string): Promise<void> {
  await askToDelete(cluster, secretPlace(platformNamespace, formerSecret), "Background");
}

/** @param data of the Secret, as texts @throws Failure if it is not what an installer wrote. Pure. */
export function formerOf(data: Readonly<Record<string, string>>, platformNamespace: string): WrittenSecret[] {
  try {
    return Object.values(data).map(text => former.parse(JSON.parse(text)));
  } catch {
    throw new Failure(
      `Secret ${platformNamespace}/${formerSecret}, which keeps the values of before, is not what an installer wrote`,
      `To go on with the values that are there now: kubectl delete secret ${formerSecret} -n ${platformNamespace}`,
    );
  }
}

/** Both names together may be longer than a key of a Secret. */
const keyOf = (namespace: string, name: string): string =>
  createHash("sha256").update(`${namespace}/${name}`).digest("hex");
