// Preflight: whether the API server is recent enough, and serves every kind of the release (PF-3).
import { type JsonObject, textAt } from "../../kubernetes/json";
import { resourceNameOf } from "../grant/resource-name";
import { type Finding, failed, ok, warning } from "./finding";
import type { Check } from "./inputs";

export const apiVersion: Check = async ({ cluster, minimumKubernetes, release }) => {
  const version = await cluster.api.send({ method: "GET", path: "/version" });
  const kinds = new Map(release.objects.map(object => [`${object.apiVersion} ${object.kind}`, object]));
  const findings: Finding[] = [];
  const missing: string[] = [];
  for (const [title, { apiVersion: group, kind }] of kinds) {
    const resource = await cluster.discovery.find({ apiVersion: group, kind });
    if (!resource) missing.push(title);
    // The grant is printed without a cluster, and names resources by a rule.
    else if (resource.plural !== resourceNameOf({ apiVersion: group, kind }).resource)
      findings.push(
        warning(
          "kinds",
          `${title} is served as ${resource.plural}`,
          resourceNameOf({ apiVersion: group, kind }).resource,
          "The grant names it otherwise: give the installer's Role that resource too.",
        ),
      );
  }
  return [judgeVersion(version, minimumKubernetes), ...findings, ...judgeKinds(missing, kinds.size)];
};

/** Pure. */
export function judgeVersion(version: JsonObject, minimum: string): Finding {
  const found = textAt(version, "gitVersion") || "a server that does not say its version";
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(found) ?? [];
  const [, least = "0"] = /^1\.(\d+)$/.exec(minimum) ?? [];
  const isEnough = Number(major) > 1 || (Number(major) === 1 && Number(minor) >= Number(least));
  const needed = `Kubernetes ${minimum} or later`;
  return isEnough
    ? ok("api-version", found, needed)
    : failed(
        "api-version",
        found,
        needed,
        "Upgrade the cluster, or ask the vendor for a release that still installs on it. See: kubectl version",
      );
}

function judgeKinds(missing: readonly string[], count: number): Finding[] {
  if (missing.length === 0) return [ok("kinds", `all ${count} kinds are served`)];
  return missing.map(title =>
    failed(
      "kinds",
      `${title} is not served`,
      `${count} kinds`,
      `${addOnOf(title)} See what there is: kubectl api-resources`,
    ),
  );
}

/** Which add-on a kind comes with. */
function addOnOf(title: string): string {
  if (title.includes("traefik.io"))
    return "It comes with Traefik: install that ingress controller with its definitions, or name another one as `cluster.ingress` in the values.";
  if (title.includes("monitoring.coreos.com"))
    return "It comes with the Prometheus operator: install it, or set `monitoring.prometheusOperator: false` in the values.";
  return "It comes with an add-on that is not there, or with a later version of Kubernetes.";
}
