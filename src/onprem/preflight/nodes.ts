// Preflight: nodes as the cluster tells of them, and what is free there. Read once for all checks that need it.
import { ApiError } from "../../kubernetes/errors";
import { at, isObject, type JsonObject, listAt, nameOf, namespaceOf, textAt } from "../../kubernetes/json";
import type { Cluster } from "../../kubernetes/objects";
import { plus, podRequests, type Requests } from "./pods";
import { quantityOf } from "./quantity";

export interface Node {
  name: string;
  architecture: string;
  /** What pods may ask for in all. */
  allocatable: Requests;
  /** The same without what pods that run there have asked for; undefined where pods may not be seen. */
  free: Requests | undefined;
  /** Whether it takes pods that tolerate nothing. */
  isOpen: boolean;
  /** Conditions that speak against it: `DiskPressure`. */
  troubles: string[];
}

export interface Surroundings {
  nodes: Node[];
  /** All pods; undefined where they may not be seen. */
  pods: JsonObject[] | undefined;
}

/** Pages read at most, of 500 each. */
const mostPages = 200;

/**
 * Undefined where nodes may not be seen.
 * @param own namespaces of the release: what runs there already gives its room to what takes its place
 */
export async function surroundings(cluster: Cluster, own: readonly string[]): Promise<Surroundings | undefined> {
  const nodes = await listAll(cluster, "/api/v1/nodes");
  if (!nodes) return undefined;
  const pods = await listAll(cluster, "/api/v1/pods");
  const others = pods?.filter(pod => !own.includes(namespaceOf(pod)));
  return { nodes: nodes.map(node => nodeOf(node, others)), pods };
}

/** Undefined where that is forbidden. */
export async function listAll({ api }: Cluster, path: string): Promise<JsonObject[] | undefined> {
  const found: JsonObject[] = [];
  let next = "";
  try {
    for (let page = 0; page < mostPages; page++) {
      const list = await api.send({ method: "GET", path, query: { limit: "500", ...(next && { continue: next }) } });
      found.push(...listAt(list, "items").filter(isObject));
      next = textAt(list, "metadata", "continue");
      if (!next) return found;
    }
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
  return found;
}

/** Pure. */
export function nodeOf(node: JsonObject, pods: readonly JsonObject[] | undefined): Node {
  const of = (name: string) => quantityOf(at(node, "status", "allocatable", name) ?? 0) ?? 0;
  const allocatable = { cpu: of("cpu"), memory: of("memory"), ephemeral: of("ephemeral-storage") };
  const name = nameOf(node);
  const isTainted = listAt(node, "spec", "taints").some(taint => textAt(taint, "effect") !== "PreferNoSchedule");
  const troubles = listAt(node, "status", "conditions").flatMap(condition => {
    const type = textAt(condition, "type");
    const isBad = type === "Ready" ? textAt(condition, "status") !== "True" : textAt(condition, "status") === "True";
    return isBad ? [type === "Ready" ? "not ready" : type] : [];
  });
  return {
    name,
    architecture: textAt(node, "status", "nodeInfo", "architecture"),
    allocatable,
    free: pods && minus(allocatable, requestedOn(name, pods)),
    isOpen: !isTainted && at(node, "spec", "unschedulable") !== true && !troubles.includes("not ready"),
    troubles,
  };
}

function requestedOn(node: string, pods: readonly JsonObject[]): Requests {
  return pods
    .filter(
      pod =>
        textAt(pod, "spec", "nodeName") === node && !["Succeeded", "Failed"].includes(textAt(pod, "status", "phase")),
    )
    .map(pod => podRequests(at(pod, "spec") as Parameters<typeof podRequests>[0]))
    .reduce(plus, { cpu: 0, memory: 0, ephemeral: 0 });
}

function minus(a: Requests, b: Requests): Requests {
  return { cpu: a.cpu - b.cpu, memory: a.memory - b.memory, ephemeral: a.ephemeral - b.ephemeral };
}
