// Secrets on the spot: what is the installer's own in a cluster: what it applied, and the Secrets that it keeps for itself.
import { type JsonObject, listAt, textAt } from "../../kubernetes/json";

/** Field manager of all that the installer applies. */
export const manager = "palisade";

/** Secret of the platform's namespace that keeps the authorities; whoever reads it can pass for any service. */
export const authoritiesSecret = "palisade-authorities";
/** Secret of the platform's namespace that keeps the installer's key: of the sums of Secrets, and of the seals of its records. */
export const keySecret = "palisade-installer";
/** Secret of the platform's namespace with what other Secrets held when a release last ran well. */
export const formerSecret = "palisade-former-secrets";
export const ownSecrets: readonly string[] = [authoritiesSecret, keySecret, formerSecret];

/** Whether the installer, and not somebody else, applied it. */
export function isOurs(live: JsonObject): boolean {
  return listAt(live, "metadata", "managedFields").some(
    entry => textAt(entry, "manager") === manager && textAt(entry, "operation") === "Apply",
  );
}
