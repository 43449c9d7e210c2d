// Kubernetes plugin: fields that others own. What was changed by hand and has been shown is set back; the rest is reported.
import { at, equal, type JsonObject, listAt, textAt } from "../../src/kubernetes/json";
import { atManagedPath } from "../../src/kubernetes/managed";
import { type Claim, conflictText, type Place } from "../../src/kubernetes/objects";

/**
 * Whether what others own was changed by hand with kubectl and has been shown: the live value is the one the state
 * holds, so the plan that was agreed to says that it is set back. What a controller or another program owns is not.
 */
export function isShownHandiwork(found: readonly Claim[], live: JsonObject, recorded: JsonObject): boolean {
  const byHand = new Set(
    listAt(live, "metadata", "managedFields")
      .filter(entry => at(entry, "operation") === "Update")
      .map(entry => textAt(entry, "manager"))
      .filter(manager => /^kubectl(-|$)/.test(manager) && manager !== "kubectl-client-side-apply"),
  );
  return (
    found.length > 0 &&
    found.every(
      ({ field, manager }) => byHand.has(manager) && equal(atManagedPath(live, field), atManagedPath(recorded, field)),
    )
  );
}

/** The report of a conflict, with the ways out of a program. */
export function programConflict(place: Place, found: readonly Claim[]): string {
  return conflictText(
    place,
    "the program",
    found,
    'To take the fields over, annotate the object with `pulumi.com/patchForce: "true"`; ' +
      "to leave them to their owner, take them out of the program or list them in `ignoreChanges`. " +
      "A change by hand is set back once `pulumi refresh` has shown it.",
  );
}
