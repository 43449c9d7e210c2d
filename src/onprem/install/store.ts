// Installer: its records in the cluster: what is under way, and the releases that can be gone back to. Each is written over the version
// that was seen last, and over no other: whoever was away for a while cannot write over what somebody else has recorded meanwhile.
import { createHash } from "node:crypto";
import { Failure } from "../../../toolchain/failure";
import { askToDelete } from "../../kubernetes/delete";
import { ApiError } from "../../kubernetes/errors";
import {
  isObject,
  type JsonObject,
  listAt,
  nameOf,
  namespaceOf,
  objectAt,
  sortedEntries,
  textAt,
} from "../../kubernetes/json";
import { type Cluster, get, type Place } from "../../kubernetes/objects";
import { writeOver } from "../../kubernetes/write-over";
import { manager } from "../secrets/own";
import { recordLabel } from "./identity";
import type { Operation, Situation } from "./journal";
import {
  journalConfigMap,
  journalName,
  type ReleaseRecord,
  readHead,
  readOperation,
  readRecord,
  recordKind,
  releaseConfigMap,
  releaseName,
} from "./records";
import { seals } from "./seal";

export interface Store {
  readonly namespace: string;
  /** What the records say; nothing where there are none. */
  situation(): Promise<Situation>;
  /** Every release that is kept, with its objects. */
  records(): Promise<ReleaseRecord[]>;
  record(revision: number): Promise<ReleaseRecord>;
  write(record: ReleaseRecord): Promise<void>;
  forget(revision: number): Promise<void>;
  journal(entry: Operation): Promise<void>;
  forgetJournal(): Promise<void>;
}

/** A record is not as it was seen: nothing more of it is written. */
export class Overtaken extends Failure {}

/** What is known of a record: which version of it, and what that says. */
interface Seen {
  version: string;
  sum: string;
}

/** Others may label a record between a look and a write; nobody does so without end. */
const mostTries = 5;

/**
 * @param unread told why the records' seals cannot be checked, by who only looks; without it such an account reads nothing
 */
export function store(cluster: Cluster, namespace: string, unread?: (why: string) => void): Store {
  const seal = seals(cluster, namespace, unread);
  const place = (name: string): Place => configMapPlace(namespace, name);
  const known = new Map<string, Seen>();
  const see = (configMap: JsonObject): JsonObject => {
    known.set(nameOf(configMap), {
      version: textAt(configMap, "metadata", "resourceVersion"),
      sum: sumOf(configMap),
    });
    return configMap;
  };
  const put = async (record: JsonObject): Promise<void> => {
    const configMap = await seal.sealed(record);
    const name = nameOf(configMap);
    for (let tries = 1; ; tries++) {
      const before = known.get(name);
      const written = await writeOver(cluster, place(name), configMap, before?.version, {
        query: { fieldManager: manager },
      });
      if (written) return void see(written);
      const live = await get(cluster, place(name));
      const isWritten = live !== undefined && sumOf(live) === sumOf(configMap);
      // The first try took effect, and its answer was lost.
      if (isWritten) return void see(live);
      if (!live || !before || sumOf(live) !== before.sum || tries >= mostTries) throw overtaken(place(name));
      see(live);
    }
  };
  const remove = async (name: string): Promise<void> => {
    await askToDelete(cluster, place(name), "Background");
    known.delete(name);
  };
  const all = async () => {
    const found = await recordsIn(cluster, `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`);
    await seal.check(found);
    return found.map(see);
  };
  return {
    namespace,
    situation: async () => {
      const found = await all();
      const journal = found.find(configMap => recordKind(configMap) === "journal");
      return {
        operation: journal && readOperation(journal),
        releases: found.filter(isRelease).map(readHead),
      };
    },
    records: async () => (await all()).filter(isRelease).map(readRecord),
    record: async revision => {
      const found = await get(cluster, place(releaseName(revision)));
      if (!found)
        throw new Failure(
          `ConfigMap ${namespace}/${releaseName(revision)}, which keeps the release, is gone`,
          "See what there is: palisade status",
        );
      await seal.check([found]);
      return readRecord(see(found));
    },
    write: record => put(releaseConfigMap(record)),
    forget: revision => remove(releaseName(revision)),
    journal: entry => put(journalConfigMap(namespace, entry)),
    forgetJournal: () => remove(journalName),
  };
}

/** Of what a record says, whatever is labelled or noted on it. */
function sumOf(configMap: JsonObject): string {
  return createHash("sha256")
    .update(
      JSON.stringify([sortedEntries(objectAt(configMap, "data")), sortedEntries(objectAt(configMap, "binaryData"))]),
    )
    .digest("hex");
}

function overtaken({ namespace, name }: Place): Overtaken {
  return new Overtaken(
    `ConfigMap ${namespace}/${name} was changed by somebody else while this was under way; it is left as it is`,
    "See what there is: palisade status\nThen type the same command again.",
  );
}

/**
 * The namespace of the installer's records.
 * @param named as the user says it; empty to look in all that may be seen
 * @returns undefined where nothing is installed
 * @throws Failure if there are several, or they may not be looked for
 */
export async function findNamespace(cluster: Cluster, named: string): Promise<string | undefined> {
  if (named) return named;
  try {
    const found = new Set((await recordsIn(cluster, "/api/v1/configmaps")).map(namespaceOf));
    if (found.size <= 1) return [...found][0];
    throw new Failure(
      `there are several installations in this cluster, in the namespaces ${[...found].toSorted().join(", ")}`,
      "Say which is meant, such as: palisade status --namespace NAMESPACE",
    );
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 403)) throw error;
    throw new Failure(
      "this account may not look for the installation in all namespaces",
      "Say where the platform's records lie, such as: palisade status --namespace NAMESPACE",
    );
  }
}

async function recordsIn(cluster: Cluster, path: string): Promise<JsonObject[]> {
  const list = await cluster.api.send({ method: "GET", path, query: { labelSelector: recordLabel } });
  return listAt(list, "items").filter(isObject);
}

const isRelease = (configMap: JsonObject): boolean => recordKind(configMap) === "release";

function configMapPlace(namespace: string, name: string): Place {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`;
  return { apiVersion: "v1", kind: "ConfigMap", namespace, name, path };
}
