// Installer: the records of releases, kept in step with what runs: begun, running, gone by, failed; the last ones are kept to go back to.
import { isDeepStrictEqual } from "node:util";
import type { SecretPlan } from "../../components/kubernetes/secret-plan";
import type { Identity } from "./identity";
import { currentOf, type Decision, type ReleaseHead } from "./journal";
import { keptData, nothingKept } from "./kept-data";
import type { Target } from "./parts";
import type { ReleaseRecord } from "./records";
import { type Removal, removeAll } from "./remove";
import { nameOf } from "./rollback-target";
import type { Store } from "./store";
import { fingerprintOf } from "./target";

/** Keeps the release that is begun, before anything of it is applied: what is not recorded could never be removed. */
export async function pending(store: Store, target: Target, { target: known }: Decision): Promise<number> {
  if (known && known.state !== "pending" && known.state !== "failed") return known.revision;
  const { releases } = await store.situation();
  const revision = known?.revision ?? Math.max(0, ...releases.map(release => release.revision)) + 1;
  const { stack, environment, version, buildSha, indexDigest, registry } = target;
  const about = { stack, environment, version, buildSha, indexDigest, registry };
  const at = new Date().toISOString();
  const fingerprint = fingerprintOf(target);
  const head: ReleaseHead = { schema: 1, revision, serial: 0, state: "pending", fingerprint, ...about, at };
  await store.write({ head, target, kept: nothingKept });
  return revision;
}

/**
 * Says that a release runs, and lets go of what is too old to be gone back to, but for the data it left.
 * @param isBack whether a rollback led to it
 */
export async function deploy(
  removal: Removal,
  store: Store,
  revision: number,
  keep: number,
  isBack: boolean,
): Promise<string> {
  const records = await store.records();
  const target = records.find(({ head }) => head.revision === revision);
  if (!target) throw new Error(`the record of revision ${revision} is gone`);
  const serial = Math.max(...records.map(({ head }) => head.serial));
  const at = new Date().toISOString();
  const { kept, forgotten } = trimmed(records, revision, keep);
  const data = await keptData(removal.cluster, forgotten, [target, ...kept]);
  const now = { ...target, kept: data.kept };
  if (currentOf(records.map(({ head }) => head))?.revision !== revision)
    // First this one: a process that ends between the writes leaves two, of which the later counts.
    await store.write(changed(now, { state: "deployed", serial: serial + 1, at, isBack }));
  else if (isBack && !target.head.isBack) await store.write(changed(now, { isBack }));
  else if (!isDeepStrictEqual(now.kept, target.kept)) await store.write(now);
  for (const record of records)
    if (record !== target && record.head.state === "deployed")
      await store.write(changed(record, { state: "superseded" }));
  await removeAll(removal, data.free.map(secretIdentity), new Map());
  for (const { head } of forgotten) await store.forget(head.revision);
  const heads = [target, ...kept].map(({ head }) => head);
  const names = kept.map(({ head }) => nameOf(head, heads));
  return names.length > 0 ? `can go back to ${names.join(", ")}` : "";
}

/** The record of a release that was begun and came to nothing. */
export async function settleFailed(store: Store, revision: number): Promise<void> {
  const record = await store.record(revision);
  if (record.head.state === "pending") await store.write(changed(record, { state: "failed" }));
}

const changed = (record: ReleaseRecord, change: Partial<ReleaseHead>): ReleaseRecord => ({
  ...record,
  head: { ...record.head, ...change },
});

/** What ran last is kept; what never ran is not. Pure. */
export function trimmed(
  records: readonly ReleaseRecord[],
  revision: number,
  keep: number,
): { kept: ReleaseRecord[]; forgotten: ReleaseRecord[] } {
  const others = records.filter(({ head }) => head.revision !== revision);
  const ran = others.filter(({ head }) => head.serial > 0).toSorted((a, b) => b.head.serial - a.head.serial);
  const kept = ran.slice(0, keep);
  return { kept, forgotten: others.filter(record => !kept.includes(record)) };
}

export function secretIdentity({ namespace, name }: SecretPlan): Identity {
  return { apiVersion: "v1", kind: "Secret", namespace, name };
}
