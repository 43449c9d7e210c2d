// Secrets on the spot: makes what is missing, changes what is supplied anew or ends soon, leaves the rest; nothing of it is ever shown (PF-7, SA-6, SA-8).
import { Failure } from "../../../toolchain/failure";
import { platformWorkload } from "../../components/kubernetes/cluster-foundation-home";
import { labelsOf } from "../../components/kubernetes/object";
import { secretKeyOf } from "../../components/kubernetes/references";
import type { SecretPlan } from "../../components/kubernetes/secret-plan";
import type { Cluster } from "../../kubernetes/objects";
import { type Authority, advanced, authorityData, readAuthority } from "./authorities";
import { type Demand, demandsOf, keyOf, type SecretsWanted } from "./demand";
import { keepFormer } from "./former";
import { isWritten, type LiveSecret, readSecret, type WrittenSecret, writeSecret } from "./live-secret";
import { authoritiesSecret } from "./own";
import { authorityNameOf, isForeign, type Resolved, resolved } from "./resolve";
import { requireNone, type SuppliedFrom, suppliedValues } from "./supplied";

/** How progress is shown, and when to end; the installer's `Work` is one. */
export interface SecretsWork {
  progress: (text: string) => void;
  say: (text: string) => void;
  cancelled: AbortSignal;
}

/**
 * Can be ended anywhere and begun again: each Secret is written whole, the authorities before what they sign. What is
 * written over is kept first; see ./former.ts.
 * @returns one line, without a value
 * @throws Failure naming supplied values that are missing or not as they should be, or a Secret that is somebody else's
 */
export async function makeSecrets(
  cluster: Cluster,
  wanted: SecretsWanted,
  from: SuppliedFrom,
  work: SecretsWork,
  now: number = Date.now(),
): Promise<string> {
  const demands = demandsOf(wanted);
  const supplied = await suppliedValues(cluster, demands, from);
  const live = await liveSecrets(cluster, wanted.secrets, work.cancelled);
  requireNone(lackingOf(wanted, demands, supplied, live));
  requireOurs(wanted.secrets, live);
  const authorities = await ensureAuthorities(cluster, wanted, now);
  const all = await resolved(wanted, { live, supplied, authorities, now });
  await keepFormer(cluster, wanted.platformNamespace, replacedBy(all, live));
  const counts = { made: 0, changed: 0, kept: 0 };
  for (const { plan, data } of all) {
    work.cancelled.throwIfAborted();
    const before = live.get(secretKeyOf(plan));
    if (isForeign(plan, before)) work.say(`Secret ${secretKeyOf(plan)} is kept by somebody else, and left as it is`);
    const isKept = isForeign(plan, before) || isWritten(before, { ...plan, data });
    if (!isKept) await writeSecret(cluster, { ...plan, data });
    counts[isKept ? "kept" : before ? "changed" : "made"]++;
    work.progress(`${counts.made + counts.changed + counts.kept} of ${wanted.secrets.length} Secrets`);
  }
  return `${counts.made} made, ${counts.changed} changed, ${counts.kept} as they were`;
}

/** What stands and is about to be written over, as it stands. */
function replacedBy(all: readonly Resolved[], live: ReadonlyMap<string, LiveSecret>): WrittenSecret[] {
  return all.flatMap(({ plan, data }): WrittenSecret[] => {
    const before = live.get(secretKeyOf(plan));
    if (!before || isForeign(plan, before) || isWritten(before, { ...plan, data })) return [];
    const { namespace, name } = plan;
    return [{ namespace, name, labels: before.labels, type: before.type, data: before.data }];
  });
}

/** Values that are neither supplied nor in the cluster; for a look before anything is done. */
export async function lackingSecrets(cluster: Cluster, wanted: SecretsWanted, from: SuppliedFrom): Promise<Demand[]> {
  const demands = demandsOf(wanted);
  const supplied = await suppliedValues(cluster, demands, from);
  return lackingOf(wanted, demands, supplied, await liveSecrets(cluster, wanted.secrets, AbortSignal.timeout(60_000)));
}

function lackingOf(
  { secrets }: SecretsWanted,
  demands: readonly Demand[],
  supplied: ReadonlyMap<string, string>,
  live: ReadonlyMap<string, LiveSecret>,
): Demand[] {
  const stands = ({ namespace, variable }: Demand) =>
    secrets
      .filter(plan => plan.namespace === namespace)
      .every(plan =>
        Object.entries(plan.keys).every(
          ([key, source]) =>
            source.kind !== "supplied" ||
            source.variable !== variable ||
            (live.get(secretKeyOf(plan))?.data[key] ?? "") !== "",
        ),
      );
  return demands.filter(demand => !supplied.has(keyOf(demand)) && !stands(demand));
}

/** Requests in flight. */
const atOnce = 8;

async function liveSecrets(cluster: Cluster, plans: readonly SecretPlan[], cancelled: AbortSignal) {
  const found = new Map<string, LiveSecret>();
  const left = plans.values();
  const read = async () => {
    for (const { namespace, name } of left) {
      cancelled.throwIfAborted();
      const live = await readSecret(cluster, namespace, name);
      if (live) found.set(secretKeyOf({ namespace, name }), live);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, read));
  return found;
}

function requireOurs(plans: readonly SecretPlan[], live: ReadonlyMap<string, LiveSecret>): void {
  for (const plan of plans) {
    const { namespace, name, type = "Opaque", keys } = plan;
    const found = live.get(secretKeyOf(plan));
    if (!found || isForeign(plan, found)) continue;
    const next = `If nobody needs it: kubectl delete secret ${name} -n ${namespace}`;
    if (!found.isOurs) {
      const lacking = Object.keys(keys).filter(key => !found.data[key]);
      throw new Failure(
        `Secret ${namespace}/${name} is there already, this installer did not make it, and it lacks ${lacking.join(", ")}`,
        `Whoever keeps it has to set them. ${next}`,
      );
    }
    if (found.type !== type)
      throw new Failure(
        `Secret ${namespace}/${name} is of type ${found.type}; it has to be ${type}, and a type never changes`,
        next,
      );
  }
}

/** Those that the Secrets need, each there and as it is to be from now on; written before anything is signed. */
async function ensureAuthorities(cluster: Cluster, { secrets, platformNamespace }: SecretsWanted, now: number) {
  const needed = secrets.filter(({ keys }) =>
    Object.values(keys).some(({ kind }) => kind === "certificate" || kind === "key" || kind === "authority"),
  );
  const authorities = new Map<string, Authority>();
  if (needed.length === 0) return authorities;
  const live = await readSecret(cluster, platformNamespace, authoritiesSecret);
  for (const name of [...new Set(needed.map(authorityNameOf))].toSorted()) {
    const before = readable(platformNamespace, () => readAuthority(name, live?.data ?? {}));
    authorities.set(name, await advanced(before, `${name} of ${platformNamespace}`, now));
  }
  // What other workloads had stays: a release that has them may come back.
  const data = { ...withoutOf(live?.data ?? {}, authorities), ...authorityData(authorities) };
  const labels = labelsOf(platformWorkload, authoritiesSecret);
  const secret: WrittenSecret = { namespace: platformNamespace, name: authoritiesSecret, labels, data };
  if (!isWritten(live, secret)) await writeSecret(cluster, secret);
  return authorities;
}

function withoutOf(
  data: Readonly<Record<string, string>>,
  names: ReadonlyMap<string, unknown>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(data).filter(([key]) => !names.has(key.split(".")[0] ?? "")));
}

function readable<T>(namespace: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Failure(
      `Secret ${namespace}/${authoritiesSecret} is not what an installer wrote: ${(error as Error).message}`,
      `Bring it back from a backup. Without one, all certificates are made anew after: kubectl delete secret ${authoritiesSecret} -n ${namespace}`,
    );
  }
}
