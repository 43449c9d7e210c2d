// Installer's commands: what releases before have in a cluster, for a grant that lets the next one remove it (SA-13). Reads only.
import type { KubernetesObject } from "../../components/kubernetes/object";
import { plain } from "../../kubernetes/await/findings";
import { type Caller, connect } from "../../kubernetes/client";
import { discovery } from "../../kubernetes/discovery";
import { ApiError } from "../../kubernetes/errors";
import { connection } from "../../kubernetes/kubeconfig";
import { type Cluster, get } from "../../kubernetes/objects";
import { namespacesIn } from "../grant/rules";
import { namespacePlace } from "../install/identity";
import { store } from "../install/store";
import type { ClusterOptions } from "./options";

const caller: Caller = { userAgent: "palisade-installer" };
/** Seconds in which a cluster has to answer: a grant can be printed without one. */
const patienceS = 10;

export interface Earlier {
  /** Of all releases that are recorded, in namespaces that are there. */
  objects: readonly KubernetesObject[];
  /** What is known of them, for whoever reads the grant; one line. */
  note: string;
}

/** Whatever keeps the records from being read, such as no kubeconfig at all, is said in the note. */
export async function earlierReleases(
  { kubeconfig = "", context = "" }: Pick<ClusterOptions, "kubeconfig" | "context">,
  { platformNamespace, version }: { platformNamespace: string; version: string },
): Promise<Earlier> {
  const signal = AbortSignal.timeout(patienceS * 1000);
  try {
    const way = connection(
      { kubeconfig, context, cluster: "", namespace: "" },
      { given: "the kubeconfig", chooseContext: "choose one with --context NAME" },
    );
    const { send, ...rest } = connect(way, caller);
    const api = { ...rest, send: (request: Parameters<typeof send>[0]) => send({ ...request, signal, attempts: 1 }) };
    return await earlierIn({ api, discovery: discovery(api) }, platformNamespace, version);
  } catch (error) {
    const why = signal.aborted ? `no answer in ${patienceS} s` : error instanceof Error ? error.message : String(error);
    const note = `For release ${version} alone: what is installed could not be read (${plain(why)}). Where an earlier release runs, what only that one has stays, unless this is printed with a kubeconfig that may read the records in ${platformNamespace}.`;
    return { objects: [], note };
  }
}

/** @throws ApiError if the records may not be read */
export async function earlierIn(cluster: Cluster, platformNamespace: string, version: string): Promise<Earlier> {
  const records = await store(cluster, platformNamespace).records();
  const objects = records.flatMap(({ target }) => target.objects);
  if (records.length === 0)
    return { objects, note: `For release ${version}; none is installed in ${platformNamespace}.` };
  const gone = new Set<string>();
  for (const namespace of namespacesIn({ platformNamespace, objects, secrets: [], endpoints: [] }))
    if (!(await isThere(cluster, namespace))) gone.add(namespace);
  const versions = [...new Set(records.map(({ head }) => head.version))].toSorted();
  return {
    objects: objects.filter(
      ({ kind, metadata }) => !gone.has(metadata.namespace ?? (kind === "Namespace" ? metadata.name : "")),
    ),
    note: `For release ${version}, and to remove what it no longer has of ${versions.join(", ")}.`,
  };
}

/** One that may not be looked at is there. */
async function isThere(cluster: Cluster, namespace: string): Promise<boolean> {
  try {
    return (await get(cluster, namespacePlace(namespace))) !== undefined;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return true;
    throw error;
  }
}
