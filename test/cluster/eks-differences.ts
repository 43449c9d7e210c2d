// Cluster tests: all in which the objects of a workload in EKS differ from those of a customer's cluster, and why (PF-1).
import type { SecretPlan } from "../../src/components/kubernetes/secret-plan";
import { differences, identity, type LiveObject } from "./live-objects";

interface Documented {
  /** Matches a line of `foundDifferences`. */
  what: RegExp;
  /** Why it is so; `docs/eks.md` says it too. */
  why: string;
}

const policy = (part: string) => String.raw`^both NetworkPolicy \S+/${part} \.spec\.`;
const to = (cidr: string) => String.raw`"to":\[\{"ipBlock":\{"cidr":"${cidr}"\}\}\]`;

export const documentedDifferences: readonly Documented[] = [
  { what: /^here SecurityGroupPolicy /, why: "Databases and endpoints of AWS know pods by their security groups." },
  { what: /^here Service sanctum-dev\/backend-edge$/, why: "The edge comes by a port of the nodes." },
  {
    what: /^there (ConfigMap|NetworkPolicy|PodDisruptionBudget|Secret|Service|ServiceAccount|StatefulSet) sanctum-dev\/(tls-)?(postgres|vectors)(-settings|-admin)?$/,
    why: "Databases are AWS's.",
  },
  { what: /^there PersistentVolumeClaim sanctum-dev\/data-(postgres|vectors)-0$/, why: "So are their disks." },
  {
    what: /^both Deployment \S+ \.spec\.template\.spec\.(c|initC)ontainers\[[a-z-]+\]\.image$/,
    why: "The same digests come from ECR.",
  },
  {
    what: /^both Deployment \S+ \.spec\.template\.spec\.containers\[[a-z-]+\]\.env\[(DATABASE|VECTORS)_HOST\]\.value$/,
    why: "Variables that name a store have AWS's address.",
  },
  {
    what: /^both Deployment router-dev\/poller \.\S+\.env\[(NO_PROXY|no_proxy)\]\.value$/,
    why: "Endpoints of AWS in the VPC are no way out.",
  },
  {
    what: new RegExp(
      `${policy("(poller|ai-core|backend)")}egress \\+ \\{"ports":\\[\\{"port":80,.*${to("169.254.170.23/32")}`,
    ),
    why: "A pod gets its identity from the agent on its node.",
  },
  {
    what: new RegExp(
      `${policy("(ai-core|backend)")}egress \\+ \\{"ports":\\[\\{"port":443,.*${to("10.10.(16|32).0/20")}`,
    ),
    why: "AWS answers at endpoints in the private subnets.",
  },
  {
    what: new RegExp(
      `${policy("(ai-core|backend)")}egress \\+ \\{"ports":\\[\\{"port":5432,.*${to("10.10.[45].0/24")}`,
    ),
    why: "Databases are in subnets of their own,",
  },
  {
    what: new RegExp(`${policy("(ai-core|backend)")}egress - \\{"ports":\\[\\{"port":5432,.*"podSelector"`),
    why: "and no pods.",
  },
  {
    what: new RegExp(`${policy("egress-proxy-poller")}egress [+-] .*"cidr":"0.0.0.0/0","except"`),
    why: "The ways out lead past the cluster's own ranges, which are others.",
  },
  {
    what: new RegExp(`${policy("backend")}ingress \\+ .*"from":\\[\\{"ipBlock":\\{"cidr":"10.10.[01].0/24"`),
    why: "The edge is a load balancer in the public subnets.",
  },
  {
    what: /^both NetworkPolicy \S+\/(poller|ai-core|backend) \.metadata\.annotations\.palisade\.dev\/(from|to)$/,
    why: "They tell of these ways.",
  },
  {
    what: /^both ResourceQuota sanctum-dev\/workload \.spec\.hard\.(limits|requests|pods|persistentvolumeclaims)\b/,
    why: "Databases take no part of the quota,",
  },
  {
    what: /^both ResourceQuota sanctum-dev\/workload \.spec\.hard\.services\.(loadbalancers|nodeports)$/,
    why: "and the edge's Service takes some.",
  },
];

/**
 * Each as one line: `here KIND NAME` is in EKS alone, `there KIND NAME` at a customer's alone, `both KIND NAME .path` is in
 * both and differs. Of Secrets, which are planned there and have values here, names and keys.
 */
export function foundDifferences(
  here: readonly LiveObject[],
  there: readonly LiveObject[],
  plans: readonly SecretPlan[],
): string[] {
  const planned = plans.map(({ name, namespace, keys }) => ({
    ...{ apiVersion: "v1", kind: "Secret", metadata: { name, namespace } },
    keys: Object.keys(keys).sort(),
  }));
  const ours = new Map(here.map(object => [identity(object), comparable(object)]));
  const theirs = new Map([...there, ...planned].map(object => [identity(object), comparable(object)]));
  return [...new Set([...ours.keys(), ...theirs.keys()])].sort().flatMap(name => {
    if (!theirs.has(name)) return [`here ${name}`];
    if (!ours.has(name)) return [`there ${name}`];
    return differences(ours.get(name), theirs.get(name)).map(path => `both ${name} ${path}`);
  });
}

function comparable(object: LiveObject): unknown {
  if (object.kind === "Secret") return { keys: object.keys ?? Object.keys(object.data ?? {}).sort() };
  return JSON.parse(JSON.stringify(object), (key, value) => {
    if (chosen.includes(key)) return undefined;
    return key === "annotations" && Object.keys(value).length === 0 ? undefined : value;
  });
}

/** By the server, and by the engine for the values of Secrets, which are not planned. */
const chosen = ["clusterIP", "clusterIPs", "palisade.dev/secrets"];
