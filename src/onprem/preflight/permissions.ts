// Preflight: whether the account at hand may do all that the plan does, asked of the cluster right by right (SA-13, RT-16).
import { accessText, grantingAccess, neededAccess } from "../grant/access";
import { refusedOf } from "../grant/ask-access";
import { grantFaults } from "../grant/in-place";
import { type Finding, failed, ok } from "./finding";
import type { Check } from "./inputs";

/** Lines in a finding; the grant that is printed has all. */
const mostShown = 8;

export const permissions: Check = async ({ cluster, release, grantCommand }) => {
  const needed = neededAccess(release);
  const refused = await refusedOf(cluster, needed);
  const ungranted = await refusedOf(cluster, grantingAccess(release));
  const fix = `An administrator applies once: ${grantCommand}\nFind out who you are: kubectl auth whoami`;
  const findings: Finding[] = [
    refused.length === 0
      ? ok("permissions", `all ${needed.length} rights that the plan needs`)
      : failed("permissions", `permission denied: ${shown(refused.map(accessText))}`, `${needed.length} rights`, fix),
  ];
  const mayGrant = ungranted.length === 0;
  const faults = (await grantFaults(cluster, release)).filter(({ why, isOthers }) =>
    mayGrant ? isOthers : why !== "not allowed",
  );
  if (faults.length === 0) {
    const fits = "what an administrator has granted fits this release";
    return [...findings, ok("grant", mayGrant ? "this account may apply what belongs to the whole cluster" : fits)];
  }
  const texts = faults.map(({ what, why }) => `${what} (${why})`);
  return [...findings, failed("grant", `not as this release needs it: ${shown(texts)}`, "what the grant applies", fix)];
};

function shown(texts: readonly string[]): string {
  const rest = texts.length - mostShown;
  return `${texts.slice(0, mostShown).join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
}
