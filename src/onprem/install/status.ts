// Installer: what is installed and how it is: workloads, certificates that end soon, what is under way. Reads only (RT-2, SA-6).
import { X509Certificate } from "node:crypto";
import type { KubernetesObject } from "../../components/kubernetes/object";
import { judgeOf } from "../../kubernetes/await/judges";
import { ApiError, countAt } from "../../kubernetes/errors";
import { type JsonObject, numberAt, objectAt, textAt } from "../../kubernetes/json";
import { type Cluster, get, placeOf } from "../../kubernetes/objects";
import { secretPlace } from "../secrets/place";
import { asJson } from "./identity";
import { currentOf, type Operation, type ReleaseHead } from "./journal";
import { changingSteps } from "./plan";
import { keptOf, nameOf } from "./rollback-target";
import { inOrder } from "./schedule";
import { store as storeOf } from "./store";

/** Days before its end from which a certificate is shown. */
const soonDays = 30;

export interface WorkloadStatus {
  namespace: string;
  kind: string;
  name: string;
  ready: number;
  wanted: number;
  /** What is missing; empty where it is ready. */
  missing: string;
}

export interface CertificateStatus {
  namespace: string;
  secret: string;
  key: string;
  /** RFC 3339. */
  ends: string;
  daysLeft: number;
}

export interface Status {
  installed: boolean;
  namespace: string;
  stack?: string;
  environment?: string;
  version?: string;
  since?: string;
  registry?: string;
  healthy: boolean;
  workloads: WorkloadStatus[];
  certificates: CertificateStatus[];
  /** Releases that can be gone back to, the latest first, as `rollback --to` takes them. */
  kept: string[];
  operation?: Pick<Operation, "command" | "version" | "step" | "stepIsDone" | "state" | "startedAt">;
  /** Version of a release of which objects stand beside those of the one above: a step that led to it failed, and nothing led back. */
  partly?: string;
  /** What could not be seen. */
  unseen: string[];
}

export async function statusOf(cluster: Cluster, namespace: string, now: Date = new Date()): Promise<Status> {
  const unseen: string[] = [];
  const store = storeOf(cluster, namespace, why => unseen.push(why));
  const { operation, releases } = await store.situation();
  const current = currentOf(releases);
  const ran = keptOf(releases);
  const kept = ran.filter(({ state }) => state === "superseded");
  const about = {
    namespace,
    kept: kept.map(release => nameOf(release, ran)),
    ...(operation && { operation: shown(operation) }),
  };
  if (!current) return { ...about, installed: false, healthy: false, workloads: [], certificates: [], unseen };
  const { target } = await store.record(current.revision);
  const workloads = await workloadsOf(cluster, target.objects);
  const certificates = await certificatesOf(cluster, target.secrets, now, unseen);
  const { version, stack, environment, registry, at } = current;
  const partly = partlyThere(operation, current);
  const healthy =
    partly === undefined &&
    workloads.every(({ missing }) => missing === "") &&
    certificates.every(({ daysLeft }) => daysLeft > 0);
  return {
    ...about,
    installed: true,
    version,
    stack,
    environment,
    registry,
    since: at,
    healthy,
    ...(partly !== undefined && { partly }),
    workloads,
    certificates,
    unseen,
  };
}

/** Version of a release that a failed operation left in part; undefined where all is of the one that ran last. Pure. */
function partlyThere(operation: Operation | undefined, current: ReleaseHead): string | undefined {
  if (operation?.state !== "failed" || operation.revision === 0 || operation.revision === current.revision)
    return undefined;
  const isChanging = changingSteps.some(step => step === operation.step);
  // With a way back it is said only once that has ended well.
  return isChanging && !operation.back ? operation.version : undefined;
}

function shown({ command, version, step, stepIsDone, state, startedAt }: Operation): Status["operation"] {
  return { command, version, step, stepIsDone, state, startedAt };
}

async function workloadsOf(cluster: Cluster, objects: readonly KubernetesObject[]): Promise<WorkloadStatus[]> {
  const pods = objects.filter(({ kind }) => ["Deployment", "StatefulSet", "DaemonSet"].includes(kind));
  const found = new Map<KubernetesObject, WorkloadStatus>();
  await inOrder(new Map(pods.map((object, i) => [String(i), object])), new Map(), async object => {
    const { kind, apiVersion, metadata } = object;
    const place = await placeOf(cluster, { apiVersion, kind }, asJson(object));
    const live = place && (await get(cluster, place));
    const about = { namespace: metadata.namespace ?? "", kind, name: metadata.name };
    if (!place || !live) found.set(object, { ...about, ready: 0, wanted: 1, missing: "it is gone" });
    else {
      const verdict = await judgeOf(place)?.(live, cluster, place);
      const missing =
        !verdict || verdict.state === "ready" ? "" : verdict.state === "failed" ? verdict.reason : verdict.status;
      found.set(object, { ...about, ...counts(kind, live), missing });
    }
  });
  return pods.flatMap(object => found.get(object) ?? []);
}

function counts(kind: string, live: JsonObject): { ready: number; wanted: number } {
  if (kind === "DaemonSet")
    return { ready: countAt(live, "status", "numberReady"), wanted: countAt(live, "status", "desiredNumberScheduled") };
  return { ready: countAt(live, "status", "readyReplicas"), wanted: numberAt(live, "spec", "replicas") ?? 1 };
}

/** Every certificate of the release's Secrets that ends soon, or has ended. */
async function certificatesOf(
  cluster: Cluster,
  secrets: readonly { namespace: string; name: string }[],
  now: Date,
  unseen: string[],
): Promise<CertificateStatus[]> {
  const found: CertificateStatus[] = [];
  for (const { namespace, name } of secrets)
    try {
      const data = objectAt(await get(cluster, secretPlace(namespace, name)), "data");
      for (const key of Object.keys(data)) {
        const ends = endOf(Buffer.from(textAt(data, key), "base64").toString("utf8"));
        if (!ends) continue;
        const daysLeft = Math.floor((ends.getTime() - now.getTime()) / 86_400_000);
        if (daysLeft < soonDays) found.push({ namespace, secret: name, key, ends: ends.toISOString(), daysLeft });
      }
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 403)) throw error;
      unseen.push(`Secret ${namespace}/${name}: this account may not read it`);
    }
  return found.toSorted((a, b) => a.daysLeft - b.daysLeft);
}

/** When the first certificate of a text ends; undefined where it holds none. */
export function endOf(text: string): Date | undefined {
  const pem = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/.exec(text)?.[0];
  if (!pem) return undefined;
  try {
    return new Date(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}
