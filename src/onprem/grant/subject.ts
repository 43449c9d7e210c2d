// Grant: to whom rights are given, as an administrator writes it. Pure.
import { Failure } from "../../../toolchain/failure";

export type Subject =
  | { kind: "ServiceAccount"; namespace: string; name: string }
  | { kind: "User" | "Group"; apiGroup: "rbac.authorization.k8s.io"; name: string };

/** Account of the installer where nobody else is named; the grant makes it. */
export const installerAccount = "palisade-installer";

const label = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const control = /[\u0000-\u001f\u007f]/;

/**
 * @param text a user's name; `system:serviceaccount:NAMESPACE:NAME`; or `group:NAME`
 * @throws Failure saying what is allowed. Groups that everybody is in are refused: a grant to them is one to all.
 */
export function subjectOf(text: string): Subject {
  const next =
    "Allowed: a user, system:serviceaccount:NAMESPACE:NAME, or group:NAME. See who you are: kubectl auth whoami";
  if (text === "" || text.length > 512 || control.test(text))
    throw new Failure("the name that the grant is for is empty, too long or has control characters", next);
  const account = /^system:serviceaccount:([^:]*):([^:]*)$/.exec(text);
  if (account) {
    const [, namespace = "", name = ""] = account;
    if (!label.test(namespace) || !label.test(name)) throw new Failure(`\`${text}\` names no account`, next);
    return { kind: "ServiceAccount", namespace, name };
  }
  const name = text.replace(/^group:/, "");
  if (["system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:anonymous"].includes(name))
    throw new Failure(`\`${name}\` is everybody; a grant is for one account or a group of people`, next);
  return { kind: text.startsWith("group:") ? "Group" : "User", apiGroup: "rbac.authorization.k8s.io", name };
}
