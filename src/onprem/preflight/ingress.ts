// Preflight: whether the ingress class that the release names is there (SA-12).
import { ApiError } from "../../kubernetes/errors";
import { get } from "../../kubernetes/objects";
import { ingressClassesOf } from "../grant/rules";
import { type Finding, failed, ok, warning } from "./finding";
import type { Check } from "./inputs";

export const ingressClass: Check = async ({ cluster, release }) => {
  const findings: Finding[] = [];
  for (const name of ingressClassesOf(release.objects)) {
    const needed = `ingress class \`${name}\``;
    const path = `/apis/networking.k8s.io/v1/ingressclasses/${encodeURIComponent(name)}`;
    try {
      const live = await get(cluster, {
        apiVersion: "networking.k8s.io/v1",
        kind: "IngressClass",
        namespace: "",
        name,
        path,
      });
      findings.push(
        live
          ? ok("ingress-class", `\`${name}\` is there`, needed)
          : failed(
              "ingress-class",
              `there is no ingress class \`${name}\``,
              needed,
              "Name one that there is as `cluster.ingress.className` in the values. See: kubectl get ingressclass",
            ),
      );
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 403)) throw error;
      findings.push(
        warning(
          "ingress-class",
          `this account may not see ingress class \`${name}\``,
          needed,
          `An administrator looks: kubectl get ingressclass ${name}`,
        ),
      );
    }
  }
  return findings;
};
