// Preflight: whether quotas that an administrator set on the release's namespaces leave room for it (IS-8, IS-11).
import type { KubernetesObject } from "../../components/kubernetes/object";
import { at, isObject, type JsonObject, listAt, nameOf, namespaceOf } from "../../kubernetes/json";
import { claimsOf, namespacesIn } from "../grant/rules";
import { type Finding, failed, ok, warning } from "./finding";
import type { Check } from "./inputs";
import { listAll } from "./nodes";
import { podDemands } from "./pods";
import { bytesText, coresText, quantityOf } from "./quantity";

const id = "quota";
const needed = "quotas of the namespaces have room for the release";

/** The release's own quotas fit it; those that others set on its namespaces have to. */
export const quotas: Check = async ({ cluster, release }) => {
  const found: JsonObject[] = [];
  for (const namespace of namespacesIn(release)) {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/resourcequotas`;
    const listed = await listAll(cluster, path);
    if (!listed)
      return [
        warning(
          id,
          `this account may not see the quotas of namespace ${namespace}`,
          needed,
          `An administrator looks: kubectl get resourcequota -n ${namespace}`,
        ),
      ];
    found.push(...listed);
  }
  return judgeQuotas(release.objects, found);
};

/**
 * Pure. Held against all that a quota gives, not against what is left: what runs there is of this release and makes room for it.
 * A quota for some pods only is not judged.
 */
export function judgeQuotas(objects: readonly KubernetesObject[], live: readonly JsonObject[]): Finding[] {
  const own = new Set(
    objects
      .filter(({ kind }) => kind === "ResourceQuota")
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  const others = live.filter(
    quota =>
      !own.has(`${namespaceOf(quota)}/${nameOf(quota)}`) &&
      listAt(quota, "spec", "scopes").length === 0 &&
      at(quota, "spec", "scopeSelector") === undefined,
  );
  const findings = others.flatMap(quota => {
    const [namespace, name] = [namespaceOf(quota), nameOf(quota)];
    const hard = at(quota, "spec", "hard");
    const lacks = [...demandIn(objects, namespace)].flatMap(([key, wanted]) => {
      const given = isObject(hard) && Object.hasOwn(hard, key) ? quantityOf(hard[key]) : undefined;
      // Sums of binary fractions are not exact.
      return given !== undefined && wanted > given * (1 + 1e-9)
        ? [`${key} ${textOf(key, given)} of ${textOf(key, wanted)}`]
        : [];
    });
    const unlimited = podDemands(objects).filter(each => each.namespace === namespace && !each.isCpuLimited);
    const refusal =
      isObject(hard) && Object.hasOwn(hard, "limits.cpu") && unlimited.length > 0
        ? [
            warning(
              id,
              `quota ${name} of namespace ${namespace} bounds limits.cpu, so that pods without such a limit are refused; ${unlimited.length} workloads have none`,
              needed,
              `An administrator takes limits.cpu out of it: kubectl edit resourcequota ${name} -n ${namespace}\nOr a LimitRange gives each container one. See: kubectl get limitrange -n ${namespace}`,
            ),
          ]
        : [];
    if (lacks.length === 0) return refusal;
    return [
      ...refusal,
      failed(
        id,
        `quota ${name} of namespace ${namespace} gives the release too little: ${lacks.join(", ")}`,
        needed,
        `Set smaller sizes or fewer replicas in the values, or an administrator raises it: kubectl edit resourcequota ${name} -n ${namespace}`,
      ),
    ];
  });
  return findings.length > 0 ? findings : [ok(id, `${others.length} quotas that others set have room`, needed)];
}

/** What the release asks for at its start, by the names that quotas have for it; of what runs on each node, for one node. */
function demandIn(objects: readonly KubernetesObject[], namespace: string): Map<string, number> {
  const sums = new Map<string, number>();
  const add = (amount: number, ...keys: string[]) => {
    for (const key of keys) sums.set(key, (sums.get(key) ?? 0) + amount);
  };
  const here = objects.filter(({ metadata }) => metadata.namespace === namespace);
  for (const { count, requests, limits } of podDemands(here)) {
    add(count, "pods", "count/pods");
    add(count * requests.cpu, "cpu", "requests.cpu");
    add(count * requests.memory, "memory", "requests.memory");
    add(count * limits.cpu, "limits.cpu");
    add(count * limits.memory, "limits.memory");
  }
  for (const { claim, count } of claimsOf(here)) {
    add(count, "persistentvolumeclaims", "count/persistentvolumeclaims");
    add(count * (quantityOf(claim.resources?.requests?.storage) ?? 0), "requests.storage");
  }
  for (const { kind } of here) {
    if (kind === "Service") add(1, "services", "count/services");
    if (kind === "ConfigMap") add(1, "configmaps", "count/configmaps");
  }
  return sums;
}

function textOf(key: string, amount: number): string {
  if (/memory|storage$/.test(key)) return bytesText(amount);
  return /cpu$/.test(key) ? coresText(amount) : String(amount);
}
