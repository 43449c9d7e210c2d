// Installer: everything away, what was made last first; data stays unless it is asked away (RT-27).
import { Failure } from "../../../toolchain/failure";
import type { KubernetesObject } from "../../components/kubernetes/object";
import { waitUntilGone } from "../../kubernetes/delete";
import { annotation, textAt } from "../../kubernetes/json";
import { type Cluster, get, type Place } from "../../kubernetes/objects";
import { ownSecrets } from "../secrets/own";
import { basisOf, requireSame } from "./basis";
import type { Environment, Outcome } from "./environment";
import { takeGrantAway } from "./grant-check";
import { type Identity, identityOf, isLeaving, keyOf, madeByInstaller, namespacePlace } from "./identity";
import { type Decision, decide, type Operation } from "./journal";
import { wholeOf } from "./kept-data";
import { leasePlace } from "./lease-object";
import { isLeftOver } from "./left-over";
import type { Target, Work } from "./parts";
import { type StepId, uninstallPlan } from "./plan";
import { leftText, removalOrder } from "./prune";
import type { ReleaseRecord } from "./records";
import { secretIdentity } from "./release-book";
import { removeAll } from "./remove";
import { type Session, session } from "./session";
import { type Store, store as storeOf } from "./store";
import { namespacesOf } from "./target";
import { allClaims, claimsOf } from "./volumes";

/** @param deleteData whether volumes and the Secrets that open them go too */
export async function uninstall(environment: Environment, namespace: string, deleteData: boolean): Promise<Outcome> {
  const { cluster, report } = environment;
  const store = storeOf(cluster, namespace);
  const request = { command: "uninstall" as const, fingerprint: "", version: "", buildSha: "", deleteData };
  const situation = await store.situation();
  const decision = decide(request, situation);
  if (decision.kind === "nothing" && !(await isLeftOver(cluster, namespace)))
    return { changed: false, text: `Nothing is installed in namespace ${namespace}.` };
  const records = await store.records();
  const namespaces = [...new Set([namespace, ...records.flatMap(record => namespacesOf(wholeOf(record)))])];
  const plan = uninstallPlan(decision.current, namespaces, deleteData);
  report.plan(plan);
  if (environment.dryRun) return { changed: false, text: "Nothing was done: this was the plan." };
  if (!(await environment.agree(plan))) throw new Failure("not begun, as was asked for", "");
  const running = session(environment, namespace, operationOf(decision, deleteData));
  const removal = new Removing(running.environment, running.store, records, namespaces, deleteData);
  try {
    for (const step of plan.steps) {
      if (step.id === "begin")
        await running.run(step, async () => {
          await running.open("uninstall");
          const now = await running.store.situation();
          requireSame(basisOf(decision, situation), basisOf(decide(request, now), now));
          await running.journal({});
          return `in namespace ${namespace}`;
        });
      else if (step.id === "forget") {
        await running.run(step, work => removal.forget(work, running));
      } else await running.run(step, work => removal.step(step.id, work));
    }
  } finally {
    await running.close();
  }
  return { changed: true, text: removal.summary() };
}

function operationOf({ current }: Decision, deleteData: boolean): Operation {
  const now = new Date().toISOString();
  const what = {
    command: "uninstall" as const,
    fingerprint: "",
    version: current?.version ?? ("" as const),
    revision: 0,
    deleteData,
  };
  return { schema: 1, ...what, step: "begin", stepIsDone: false, state: "under way", startedAt: now, updatedAt: now };
}

class Removing {
  private readonly targets: Target[];
  private readonly kept: string[] = [];
  private readonly keptNamespaces: string[] = [];
  /** Whether something stays that an administrator's grant has. */
  private grantStays = false;

  constructor(
    private readonly environment: Environment,
    private readonly store: Store,
    records: readonly ReleaseRecord[],
    private readonly namespaces: readonly string[],
    private readonly deleteData: boolean,
  ) {
    this.targets = records.map(wholeOf);
  }

  step(id: StepId, work: Work): Promise<string> {
    if (id === "remove") return this.objects(work);
    if (id === "volumes") return this.volumes(work);
    return this.emptyNamespaces(work);
  }

  private async objects(work: Work): Promise<string> {
    const all = this.targets.flatMap(({ objects }) => objects);
    const going = unique(all.map(identityOf)).filter(
      ({ kind }) => kind !== "Namespace" && kind !== "PersistentVolumeClaim",
    );
    return this.remove(going, work, removalOrder(this.targets));
  }

  private async volumes(work: Work): Promise<string> {
    const { cluster } = this.environment;
    const notes: string[] = [];
    for (const namespace of this.namespaces) {
      const claims = await claimsOf(cluster, namespace, this.objectsOf());
      if (this.deleteData) notes.push(...(claims.length > 0 ? [await this.remove(claims, work, new Map(), true)] : []));
      else for (const { name } of claims) this.kept.push(`${namespace}/${name}`);
      const secrets = this.targets.flatMap(target => target.secrets).filter(plan => plan.namespace === namespace);
      if (this.deleteData || claims.length === 0)
        await this.remove(unique(secrets.map(secretIdentity)), work, new Map());
    }
    return this.deleteData ? notes.join(", ") : `${this.kept.length} volume claims stay`;
  }

  private async emptyNamespaces(work: Work): Promise<string> {
    const going: Identity[] = [];
    for (const name of this.namespaces) {
      const claims = await allClaims(this.environment.cluster, name);
      if (claims.length > 0 && !this.deleteData) this.keptNamespaces.push(name);
      else if (name !== this.store.namespace) going.push({ apiVersion: "v1", kind: "Namespace", name });
    }
    return this.remove(going, work, new Map());
  }

  /**
   * The namespace of the records goes as a whole, so that nothing is left whenever this ends.
   * The lease is kept up to the last request, so that nobody begins in what is about to go.
   */
  async forget(work: Work, running: Session): Promise<string> {
    const { cluster } = this.environment;
    const { namespace } = this.store;
    const place = namespacePlace(namespace);
    const live = await get(cluster, place);
    if (!live) return "";
    if (isLeaving(live) || (annotation(live, madeByInstaller) === "true" && !this.keptNamespaces.includes(namespace))) {
      await (isLeaving(live) ? running.close() : running.last());
      if (isLeaving(live)) await gone(cluster, place, textAt(live, "metadata", "uid"), this.environment.timeoutS, work);
      else await this.remove([{ apiVersion: "v1", kind: "Namespace", name: namespace }], work, new Map());
      return `with namespace ${namespace}`;
    }
    for (const { revision } of (await this.store.situation()).releases) await this.store.forget(revision);
    // After the releases that its key seals: of an uninstall's journal alone no seal is asked.
    const own = ownSecrets.map(name => ({ apiVersion: "v1", kind: "Secret", namespace, name }));
    await this.remove(own, work, new Map());
    await running.last();
    await this.store.forgetJournal();
    const { path } = leasePlace(namespace);
    await cluster.api.send({ method: "DELETE", path, contentType: "application/json" });
    return "";
  }

  summary(): string {
    const granted = this.grantStays ? `\n${grantStaysText(this.environment.grantCommand)}` : "";
    if (this.kept.length === 0)
      return `Everything of the release is gone${granted && " but what was granted"}.${granted}`;
    const namespaces = [...new Set([...this.keptNamespaces])].join(" ");
    return `Everything of the release is gone but its data: ${this.kept.join(", ")}. A new install finds it again. To delete it for good: kubectl delete namespace ${namespaces}${granted}`;
  }

  private objectsOf(): KubernetesObject[] {
    return this.targets.flatMap(({ objects }) => objects);
  }

  private async remove(
    objects: readonly Identity[],
    work: Work,
    order: ReadonlyMap<string, readonly string[]>,
    anyones = false,
  ): Promise<string> {
    const { cluster, timeoutS } = this.environment;
    const { removed, left } = await removeAll({ cluster, timeoutS, work, anyones }, objects, order);
    // Told once, at the end.
    for (const each of left.filter(({ isGranted }) => !isGranted)) work.say(leftText(each));
    for (const { title } of left.filter(({ isGranted }) => isGranted)) work.say(`${title} stays, as it was granted`);
    this.grantStays ||= left.some(({ isGranted }) => isGranted);
    return `${removed} removed`;
  }
}

const unique = (all: readonly Identity[]): Identity[] => [...new Map(all.map(each => [keyOf(each), each])).values()];

/** Nobody should find out from an empty cluster that namespaces are part of a grant. */
const grantStaysText = (grantCommand: string): string =>
  `What an administrator applied is an administrator's to delete: ${takeGrantAway(grantCommand)}\nThat deletes the namespaces of the release too, with all that is in them.`;

async function gone(
  cluster: Cluster,
  place: Place,
  uid: string,
  timeoutS: number,
  { progress, cancelled }: Work,
): Promise<void> {
  await waitUntilGone({ cluster, place, uid, timeoutS, progress, cancelled });
}
