// Installer: seals of its records. What a record says is applied later, and to all namespaces of a release, with the installer's
// rights: who may edit ConfigMaps of the platform's namespace, and no Secrets, does not choose what that is (RT-9, SA-13).
import { createHmac, timingSafeEqual } from "node:crypto";
import { Failure } from "../../../toolchain/failure";
import { ApiError } from "../../kubernetes/errors";
import { type JsonObject, nameOf, namespaceOf, objectAt, sortedEntries, textAt } from "../../kubernetes/json";
import { type Cluster, get } from "../../kubernetes/objects";
import { keySecret } from "../secrets/own";
import { isLeaving, namespacePlace } from "./identity";
import { ensureOwnKey, ownKey } from "./own-key";
import { readOperation, recordKind } from "./records";

export interface Seals {
  /** The record with its seal. Makes the key where there is none. */
  sealed(record: JsonObject): Promise<JsonObject>;
  /** @throws Failure naming the first record that was not sealed as it is */
  check(records: readonly JsonObject[]): Promise<void>;
}

/**
 * @param unread told once why seals cannot be checked, by who only looks; without it nothing is read that cannot be checked
 */
export function seals(cluster: Cluster, namespace: string, unread?: (why: string) => void): Seals {
  let known: Buffer | undefined;
  let isUnread = false;
  return {
    sealed: async record => {
      known ??= await ensureOwnKey(cluster, namespace);
      return { ...record, data: { ...objectAt(record, "data"), seal: sealOf(record, known) } };
    },
    check: async records => {
      if (records.length === 0 || isUnread) return;
      try {
        known ??= await ownKey(cluster, namespace);
      } catch (error) {
        if (!unread || !(error instanceof ApiError && error.status === 403)) throw error;
        isUnread = true;
        return unread(
          `Secret ${namespace}/${keySecret}: this account may not read it, so whether somebody changed the installer's records is not known`,
        );
      }
      const key = known;
      const bad = key ? records.find(record => !fits(record, key)) : records[0];
      if (bad && (key || !(await mayHaveNoKey(cluster, namespace, records)))) throw notSealed(bad, key !== undefined);
    },
  };
}

/** Of what a record says, and of which record it is. Pure. */
export function sealOf(record: JsonObject, key: Buffer): string {
  const { seal: _, ...data } = objectAt(record, "data");
  const said = [
    namespaceOf(record),
    nameOf(record),
    recordKind(record),
    sortedEntries(data),
    sortedEntries(objectAt(record, "binaryData")),
  ];
  return createHmac("sha256", key)
    .update(`record ${JSON.stringify(said)}`)
    .digest("hex");
}

function fits(record: JsonObject, key: Buffer): boolean {
  const found = Buffer.from(textAt(record, "data", "seal"));
  const wanted = Buffer.from(sealOf(record, key));
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}

/** The key goes before the journal of an uninstall, and in no order at all with a namespace; nothing is applied after that. */
async function mayHaveNoKey(cluster: Cluster, namespace: string, records: readonly JsonObject[]): Promise<boolean> {
  const isLast = records.every(
    record => recordKind(record) === "journal" && readOperation(record).command === "uninstall",
  );
  if (isLast) return true;
  const live = await get(cluster, namespacePlace(namespace));
  return live !== undefined && isLeaving(live);
}

function notSealed(record: JsonObject, hasKey: boolean): Failure {
  const name = nameOf(record);
  const namespace = namespaceOf(record);
  const goOn = `To go on without what it says, with the bundle of the release that is to run: kubectl delete configmap ${name} -n ${namespace}`;
  return hasKey
    ? new Failure(
        `ConfigMap ${namespace}/${name} is not as an installer sealed it: somebody else changed or made it, and nothing of it is used`,
        `The API server's audit log says who it was. See: kubectl get configmap ${name} -n ${namespace} -o yaml --show-managed-fields\n${goOn}`,
      )
    : new Failure(
        `Secret ${namespace}/${keySecret}, whose key seals the installer's records, is gone; ConfigMap ${namespace}/${name} cannot be checked, and nothing of it is used`,
        `Bring the Secret back from a backup. Without one: kubectl delete configmap -l palisade.dev/record -n ${namespace}\nThen, with the bundle of the release that runs: palisade install BUNDLE --key KEY`,
      );
}
