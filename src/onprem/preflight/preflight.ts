// Preflight: everything that can be known before anything is changed, all at once, each failure with what mends it (IS-8, IS-11, PF-3).
import { Failure } from "../../../toolchain/failure";
import { ApiError } from "../../kubernetes/errors";
import { namespacesIn } from "../grant/rules";
import { apiVersion } from "./api-version";
import { clock } from "./clock";
import { imageFilesystems, judgeDisk } from "./disk";
import { type Finding, findingsTable, isFailed, isWarning, warning } from "./finding";
import { ingressClass } from "./ingress";
import type { Check, PreflightInputs } from "./inputs";
import { listAll, surroundings } from "./nodes";
import { permissions } from "./permissions";
import { networkPolicies, podSecurity, policyEngine } from "./policy";
import { judgePorts } from "./ports";
import { quotas } from "./quota";
import { registry } from "./registry";
import { judgeResources } from "./resources";
import { storage } from "./storage";
import { supplied } from "./supplied";
import { volumes } from "./volumes";

/** What nodes have and run is read once for three concerns. */
const nodes: Check = async ({ cluster, release, images }) => {
  const found = await surroundings(cluster, namespacesIn(release));
  const services = await listAll(cluster, "/api/v1/services");
  const open = found?.nodes.filter(({ isOpen }) => isOpen) ?? [];
  return [
    ...judgeResources(release.objects, found?.nodes),
    ...judgeDisk(images, found?.nodes, found && (await imageFilesystems(cluster, open))),
    ...judgePorts(release.objects, services, found?.pods),
  ];
};

const checks: readonly [id: string, check: Check][] = [
  ["api-version", apiVersion],
  ["permissions", permissions],
  ["storage-class", storage],
  ["volume-size", volumes],
  ["nodes", nodes],
  ["quota", quotas],
  ["registry", registry],
  ["clock", clock],
  ["admission-policy", policyEngine],
  ["pod-security", podSecurity],
  ["network-policy", networkPolicies],
  ["ingress-class", ingressClass],
  ["secrets", supplied],
];

/**
 * Reads only. Findings of all concerns, in one order.
 * @param progress told which concern is looked at
 * @throws Unreachable if the cluster does not answer: then nothing can be known
 */
export async function preflight(
  inputs: PreflightInputs,
  progress: (text: string) => void = () => undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [id, check] of checks) {
    progress(id);
    try {
      findings.push(...(await check(inputs)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // One concern that the server will not be asked about is no reason to leave out the others.
      findings.push(warning(id, `could not be looked at: ${error.message}`, "", "See: kubectl auth whoami"));
    }
  }
  return findings;
}

/**
 * @returns one line about what was looked at
 * @throws Failure with every finding that failed, and its fix
 */
export function requirePassed(findings: readonly Finding[]): string {
  const broken = findings.filter(isFailed);
  const warnings = findings.filter(isWarning).length;
  if (broken.length > 0)
    throw new Failure(
      `${broken.length} of ${findings.length} checks failed; nothing was changed:\n${findingsTable(broken).trimEnd()}`,
      "Mend them, then type the same command again.",
    );
  return `${findings.length} checks${warnings > 0 ? `, ${warnings} of them with a warning` : ""}`;
}
