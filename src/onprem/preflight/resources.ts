// Preflight: whether the nodes have room for the pods, together and one by one, and for the least that ISS needs (IS-8, IS-11).
import type { KubernetesObject } from "../../components/kubernetes/object";
import { claimsOf } from "../grant/rules";
import { type Finding, failed, ok, warning } from "./finding";
import type { Node } from "./nodes";
import { type PodDemand, plus, podDemands, type Requests, times } from "./pods";
import { bytesText, coresText, quantityOf } from "./quantity";

const GiB = 2 ** 30;
/** The least that the Inventory Service System needs, whatever it was set to (IS-8). */
const issMinimum = { memory: 2 * GiB, storage: 10 * GiB };

const none: Requests = { cpu: 0, memory: 0, ephemeral: 0 };
const text = ({ cpu, memory }: Requests) => `${coresText(cpu)} and ${bytesText(memory)} of memory`;

/**
 * Pure.
 * @param nodes undefined where they may not be seen; free is what others than this release leave
 */
export function judgeResources(objects: readonly KubernetesObject[], nodes: readonly Node[] | undefined): Finding[] {
  const demands = podDemands(objects);
  if (!nodes)
    return [
      warning(
        "node-resources",
        "this account may not see the nodes, so nobody has looked whether there is room",
        text(totalOf(demands, 1)),
        "An administrator looks: kubectl describe nodes",
      ),
      ...issFindings(objects, demands, undefined),
    ];
  const open = nodes.filter(({ isOpen }) => isOpen);
  if (open.length === 0)
    return [
      failed(
        "node-resources",
        `none of ${nodes.length} nodes takes pods`,
        "a node that is ready and not tainted",
        "See: kubectl get nodes",
      ),
    ];
  const free = (node: Node) => node.free ?? node.allocatable;
  const needed = totalOf(demands, open.length);
  const there = open.map(free).reduce(plus, none);
  const isSeen = open.every(node => node.free !== undefined);
  const basis = isSeen ? "free" : "in all, as this account may not see what runs";
  const largest = largestOf(demands);
  const findings: Finding[] = [];
  const lacks = needed.cpu > there.cpu || needed.memory > there.memory;
  const fix = "Add nodes, or set smaller sizes or fewer replicas in the values. See: kubectl describe nodes";
  findings.push(
    lacks
      ? failed("node-resources", `${nodesText(open)} ${text(there)} ${basis}`, text(needed), fix)
      : ok("node-resources", `${nodesText(open)} ${text(there)} ${basis}`, text(needed)),
  );
  if (largest && !open.some(node => fits(largest.requests, free(node)))) {
    const best = open.map(free).reduce((a, b) => (b.memory > a.memory ? b : a));
    findings.push(
      failed(
        "largest-pod",
        `no node has room for a pod of ${largest.title}; the roomiest has ${text(best)}`,
        text(largest.requests),
        fix,
      ),
    );
  } else if (largest) findings.push(ok("largest-pod", `${largest.title} fits`, text(largest.requests)));
  const pressed = nodes.filter(({ troubles }) => troubles.length > 0);
  for (const { name, troubles } of pressed)
    findings.push(
      warning(
        "node-condition",
        `node ${name}: ${troubles.join(", ")}`,
        "no pressure",
        `See: kubectl describe node ${name}`,
      ),
    );
  return [...findings, ...issFindings(objects, demands, open)];
}

const nodesText = ({ length }: readonly Node[]) => (length === 1 ? "1 node has" : `${length} nodes have`);
const fits = (wanted: Requests, there: Requests) => wanted.cpu <= there.cpu && wanted.memory <= there.memory;

function totalOf(demands: readonly PodDemand[], nodes: number): Requests {
  return demands.map(({ requests, count, isPerNode }) => times(requests, isPerNode ? nodes : count)).reduce(plus, none);
}

function largestOf(demands: readonly PodDemand[]): PodDemand | undefined {
  return demands.toSorted((a, b) => b.requests.memory - a.requests.memory || b.requests.cpu - a.requests.cpu)[0];
}

function issFindings(
  objects: readonly KubernetesObject[],
  demands: readonly PodDemand[],
  open: readonly Node[] | undefined,
): Finding[] {
  const isIss = ({ metadata }: KubernetesObject) => metadata.labels?.["app.kubernetes.io/part-of"] === "iss";
  const spaces = new Set(
    objects.filter(object => object.kind === "Namespace" && isIss(object)).map(({ metadata }) => metadata.name),
  );
  if (spaces.size === 0) return [];
  const claims = claimsOf(objects.filter(object => spaces.has(object.metadata.namespace ?? "")));
  const stored = claims.reduce(
    (sum, { claim, count }) => sum + count * (quantityOf(claim.resources?.requests?.storage) ?? 0),
    0,
  );
  const memory = Math.max(
    0,
    ...demands.filter(({ namespace }) => spaces.has(namespace)).map(({ requests }) => requests.memory),
  );
  const roomiest = open && Math.max(0, ...open.map(({ allocatable }) => allocatable.memory));
  const findings: Finding[] = [];
  const needMemory = `${bytesText(issMinimum.memory)} of memory for ISS (IS-8)`;
  const needStorage = `${bytesText(issMinimum.storage)} of storage for ISS (IS-8)`;
  if (memory < issMinimum.memory)
    findings.push(
      failed(
        "iss-memory",
        `the values give ISS ${bytesText(memory)}`,
        needMemory,
        "Set `workloads.iss.services.api.memoryMiB` to 2048 or more in the values.",
      ),
    );
  else if (roomiest !== undefined && roomiest < issMinimum.memory)
    findings.push(
      failed(
        "iss-memory",
        `the largest node has ${bytesText(roomiest)} of memory`,
        needMemory,
        "Add a node with more memory. See: kubectl describe nodes",
      ),
    );
  else findings.push(ok("iss-memory", `${bytesText(memory)} for each pod`, needMemory));
  findings.push(
    stored < issMinimum.storage
      ? failed(
          "iss-storage",
          `the volumes of ISS have ${bytesText(stored)}`,
          needStorage,
          "Ask the vendor: the bundle's volumes of ISS are too small.",
        )
      : ok("iss-storage", `${bytesText(stored)} in volumes`, needStorage),
  );
  return findings;
}
