// Installer's commands: the line that an administrator types once, for the very account that is at work (SA-13, RT-16).
import { textAt } from "../../kubernetes/json";
import type { Cluster } from "../../kubernetes/objects";
import { installerAccount, subjectOf } from "../grant/subject";
import type { GrantOptions } from "./options";
import { typed } from "./typed";

/** Where no bundle is at hand to name. */
export const recordedGrant = "palisade grant BUNDLE --key KEY | kubectl apply -f -";

/**
 * @param account who the grant is for, as the cluster calls it; empty where that is not known
 * @param platformNamespace where the grant makes an account of the installer's own, which needs no naming. Pure.
 */
export function grantCommandOf(
  bundle: string,
  { key, configKey, values, registry, base, secretsFrom }: GrantOptions,
  account: string,
  platformNamespace: string,
): string {
  const isOwn = account === `system:serviceaccount:${platformNamespace}:${installerAccount}`;
  const given = [
    ["--key", key],
    ["--config-key", configKey],
    ["--base", base],
    ["--values", values],
    ["--registry", registry],
    ["--secrets-from", secretsFrom],
    ["--for", isOwn || !isNameable(account) ? undefined : account],
  ] as const;
  const words = given.flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
  return `${typed(["grant", bundle, ...words])} | kubectl apply -f -`;
}

/** The account at hand, by the cluster's own word; empty where it does not say. */
export async function accountAt({ api }: Pick<Cluster, "api">): Promise<string> {
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const contentType = "application/json";
  const review = await api.send({ method: "POST", path, body, contentType, attempts: 1 }).catch(() => ({}));
  return textAt(review, "status", "userInfo", "username");
}

/** Whether a grant can be for it: nobody in particular is no account. */
function isNameable(account: string): boolean {
  try {
    subjectOf(account);
    return true;
  } catch {
    return false;
  }
}
