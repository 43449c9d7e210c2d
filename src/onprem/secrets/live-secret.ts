// Secrets on the spot: a Secret as it stands in the cluster, and as it is written.
import type { SecretPlan } from "../../components/kubernetes/secret-plan";
import { type JsonObject, objectAt, textAt } from "../../kubernetes/json";
import { apply, type Cluster, get } from "../../kubernetes/objects";
import { isOurs, manager } from "./own";
import { secretPlace } from "./place";

export interface LiveSecret {
  /** Whether the installer applied it; what somebody else keeps is left as it is. */
  isOurs: boolean;
  type: string;
  labels: Readonly<Record<string, string>>;
  /** Texts by key. */
  data: Readonly<Record<string, string>>;
}

/** What is written of a Secret. */
export interface WrittenSecret extends Pick<SecretPlan, "namespace" | "name" | "labels" | "type"> {
  data: Readonly<Record<string, string>>;
}

export async function readSecret(cluster: Cluster, namespace: string, name: string): Promise<LiveSecret | undefined> {
  const live = await get(cluster, secretPlace(namespace, name));
  return live && liveSecret(live);
}

function liveSecret(live: JsonObject): LiveSecret {
  const texts = (object: JsonObject, read: (value: string) => string) =>
    Object.fromEntries(
      Object.entries(object).flatMap(([key, value]) => (typeof value === "string" ? [[key, read(value)]] : [])),
    );
  return {
    isOurs: isOurs(live),
    type: textAt(live, "type"),
    labels: texts(objectAt(live, "metadata", "labels"), value => value),
    data: texts(objectAt(live, "data"), value => Buffer.from(value, "base64").toString("utf8")),
  };
}

/** Whether a Secret would be written as it is already. Keys that are no longer wanted count as a difference. */
export function isWritten(live: LiveSecret | undefined, { labels, type = "Opaque", data }: WrittenSecret): boolean {
  if (!live || live.type !== type) return false;
  const hasAll = (has: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>) =>
    Object.entries(wanted).every(([key, value]) => Object.hasOwn(has, key) && has[key] === value);
  return hasAll(live.labels, labels) && hasAll(live.data, data) && hasAll(data, live.data);
}

/** Whole or not at all: one request writes all keys. */
export async function writeSecret(cluster: Cluster, secret: WrittenSecret): Promise<void> {
  const { namespace, name, labels, type = "Opaque", data } = secret;
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "utf8").toString("base64")]);
  const body = { metadata: { name, namespace, labels }, type, data: Object.fromEntries(encoded) };
  await apply(cluster, secretPlace(namespace, name), body, { manager, dryRun: false, force: true });
}
