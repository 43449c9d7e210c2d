// Support bundle: the values that must be in none of its files, read from the cluster and never written (SA-8).
import { Failure } from "../../../toolchain/failure";
import { ApiError } from "../../kubernetes/errors";
import { objectAt } from "../../kubernetes/json";
import { get } from "../../kubernetes/objects";
import { formerOf } from "../secrets/former";
import { readSecret } from "../secrets/live-secret";
import { formerSecret, ownSecrets } from "../secrets/own";
import { secretPlace } from "../secrets/place";
import type { LeftOut, SupportInputs } from "./inputs";

export interface SecretValues {
  values: Set<string>;
  /** Namespaces with a Secret that could not be read: of their logs nobody can say that they are clean. */
  unknown: Set<string>;
  leftOut: LeftOut[];
}

export async function secretValues({
  cluster,
  platformNamespace,
  secrets,
  alsoSecret = [],
}: SupportInputs): Promise<SecretValues> {
  const values = new Set(alsoSecret.filter(value => value !== ""));
  const add = (base64: string, text: string) => values.add(base64).add(text);
  const unknown = new Set<string>();
  const leftOut: LeftOut[] = [];
  const all = [...secrets, ...ownSecrets.map(name => ({ namespace: platformNamespace, name }))];
  for (const { namespace, name } of all)
    try {
      const live = await get(cluster, secretPlace(namespace, name));
      for (const value of Object.values(objectAt(live, "data")))
        if (typeof value === "string" && value !== "") add(value, Buffer.from(value, "base64").toString("utf8"));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      unknown.add(namespace);
      leftOut.push({
        what: `logs and events of ${namespace}`,
        why: `Secret ${name} could not be read, so its value could not be looked for`,
      });
    }
  try {
    const former = await readSecret(cluster, platformNamespace, formerSecret);
    for (const { data } of formerOf(former?.data ?? {}, platformNamespace))
      for (const text of Object.values(data)) if (text !== "") add(Buffer.from(text).toString("base64"), text);
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof Failure)) throw error;
    // They may be of any of them.
    for (const { namespace } of all) unknown.add(namespace);
    leftOut.push({
      what: "all logs and events",
      why: `Secret ${formerSecret} could not be read, so values of before could not be looked for`,
    });
  }
  return { values, unknown, leftOut };
}
