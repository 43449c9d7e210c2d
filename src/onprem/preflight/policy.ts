// Preflight: what enforces policies: admission policies, Pod Security, and the network's (PF-9, RT-27, IS-9).
import type { KubernetesObject } from "../../components/kubernetes/object";
import { ApiError } from "../../kubernetes/errors";
import { isObject, type JsonObject, listAt, nameOf, textAt } from "../../kubernetes/json";
import { type Cluster, get } from "../../kubernetes/objects";
import { namespacesIn } from "../grant/rules";
import { type Finding, failed, ok, warning } from "./finding";
import type { Check } from "./inputs";

export const policyEngine: Check = async ({ cluster }) => {
  const kind = { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicy" };
  const needed = "ValidatingAdmissionPolicy of admissionregistration.k8s.io/v1";
  return [
    (await cluster.discovery.find(kind))
      ? ok("admission-policy", "ValidatingAdmissionPolicy is served", needed)
      : failed(
          "admission-policy",
          "the API server does not serve it",
          needed,
          "Upgrade to Kubernetes 1.30 or later, or switch it on. See: kubectl api-resources --api-group admissionregistration.k8s.io",
        ),
  ];
};

/** Tries a pod that may everything in a namespace that refuses such; the server is asked what it would do, and does nothing. */
export const podSecurity: Check = async ({ cluster, release }) => {
  const id = "pod-security";
  const needed = "Pod Security enforced by the labels of namespaces";
  const restricted = release.objects.filter(
    ({ kind, metadata }) =>
      kind === "Namespace" && metadata.labels?.["pod-security.kubernetes.io/enforce"] === "restricted",
  );
  for (const namespace of namespacesIn(release)) {
    if (!restricted.some(({ metadata }) => metadata.name === namespace)) continue;
    const answer = await tryPrivileged(cluster, namespace);
    if (answer === "refused") return [ok(id, `${namespace} refuses a privileged pod`, needed)];
    if (answer === "taken")
      return [
        failed(
          id,
          `${namespace} would take a privileged pod`,
          needed,
          `Switch the PodSecurity admission plugin on, and see the labels: kubectl get namespace ${namespace} --show-labels`,
        ),
      ];
    if (answer === "forbidden")
      return [warning(id, `this account may not try a pod in ${namespace}`, needed, "The grant allows it.")];
  }
  return [
    warning(
      id,
      "none of the namespaces is there yet",
      needed,
      `Once they are, this must be refused:\nkubectl run try-privileged -n ${restricted[0]?.metadata.name ?? release.platformNamespace} --image=none.invalid/none --privileged --dry-run=server`,
    ),
  ];
};

type Tried = "refused" | "taken" | "forbidden" | "no namespace" | "unlabelled";

async function tryPrivileged(cluster: Cluster, namespace: string): Promise<Tried> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
  const live = await get(cluster, { apiVersion: "v1", kind: "Namespace", namespace: "", name: namespace, path }).catch(
    nothingIfForbidden,
  );
  if (!live) return "no namespace";
  if (textAt(live, "metadata", "labels", "pod-security.kubernetes.io/enforce") !== "restricted") return "unlabelled";
  const body: JsonObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { generateName: "palisade-preflight-", namespace },
    spec: { containers: [{ name: "tried", image: "none.invalid/none", securityContext: { privileged: true } }] },
  };
  try {
    await cluster.api.send({
      method: "POST",
      path: `${path}/pods`,
      query: { dryRun: "All" },
      body,
      contentType: "application/json",
    });
    return "taken";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (/violates PodSecurity/.test(error.message)) return "refused";
    // A quota or another policy refuses it as well; the right to try is told by its own words.
    if (error.status === 403 && /cannot create resource/.test(error.message)) return "forbidden";
    return error.status === 403 || error.status === 422 ? "refused" : "taken";
  }
}

function nothingIfForbidden(error: unknown): undefined {
  if (!(error instanceof ApiError && error.status === 403)) throw error;
  return undefined;
}

/** What is known to enforce network policies, by its DaemonSet or its kinds. */
const enforcers: readonly { title: string; daemonSets?: RegExp; group?: string }[] = [
  { title: "Calico", daemonSets: /^(calico-node|canal)$/, group: "crd.projectcalico.org" },
  { title: "Cilium", daemonSets: /^cilium$/, group: "cilium.io" },
  { title: "Antrea", daemonSets: /^antrea-agent$/, group: "crd.antrea.io" },
  { title: "kube-router", daemonSets: /^kube-router$/ },
  { title: "Weave Net", daemonSets: /^weave-net$/ },
  { title: "OVN-Kubernetes", daemonSets: /^ovnkube-node/, group: "k8s.ovn.org" },
  { title: "kube-network-policies", daemonSets: /^kube-network-policies$/ },
];

export const networkPolicies: Check = async ({ cluster, release }) => {
  const groups = listAt(await cluster.api.send({ method: "GET", path: "/apis" }), "groups").map(group =>
    textAt(group, "name"),
  );
  const daemonSets = await cluster.api
    .send({ method: "GET", path: "/apis/apps/v1/daemonsets", query: { limit: "500" } })
    .then(list => listAt(list, "items").filter(isObject))
    .catch((error: unknown) => {
      nothingIfForbidden(error);
      return undefined;
    });
  return [judgeNetwork(groups, daemonSets, release.objects)];
};

/** Pure. A kind alone may be left over from what was removed: it takes the DaemonSet to be sure, where those can be seen. */
export function judgeNetwork(
  groups: readonly string[],
  daemonSets: readonly JsonObject[] | undefined,
  objects: readonly KubernetesObject[],
): Finding {
  const id = "network-policy";
  const needed = "network policies are enforced (RT-27)";
  const tryIt = trialOf(objects);
  const byPods = enforcers.find(each => daemonSets?.some(set => each.daemonSets?.test(nameOf(set))));
  if (byPods) return ok(id, `${byPods.title} enforces them`, needed);
  const byGroup = enforcers.find(({ group }) => group !== undefined && groups.includes(group));
  if (byGroup && !daemonSets)
    return ok(id, `${byGroup.title} is there by its kinds; this account may not see whether it runs`, needed);
  const why = byGroup
    ? `kinds of ${byGroup.title} are there, but nothing of it runs`
    : "nothing that is known to enforce them was found";
  return warning(id, why, needed, `Some do it unseen, such as k3s with its built-in controller. ${tryIt}`);
}

/** What shows it once the release runs: from a namespace that no policy names, a database must not answer. */
function trialOf(objects: readonly KubernetesObject[]): string {
  const database = objects.find(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "postgres");
  const spec = database?.spec as { template?: { spec?: { containers?: { image?: string }[] } } } | undefined;
  const image = spec?.template?.spec?.containers?.[0]?.image;
  if (!database || !image)
    return "Look what your network plugin is, and whether it enforces them:\nkubectl get daemonsets -A";
  const { namespace } = database.metadata;
  const host = `postgres.${namespace}.svc`;
  // A database that is not there does not answer either: only with both is it the policy's doing.
  return `Once it is installed, the first must say \`accepting connections\`, and the second \`no response\`:\nkubectl exec -n ${namespace} postgres-0 -c postgres -- pg_isready -h 127.0.0.1\nkubectl run try-policy -n default --rm -i --restart=Never --image=${image} --command -- pg_isready -h ${host} -t 5`;
}
