// Installer: the steps that make a release the one that runs; each may be gone through any number of times.
import { belongsToGrant } from "../grant/rules";
import { bringFormerBack, forgetFormer } from "../secrets/former";
import { type Applying, applyRelease, type Standing, waitForAll } from "./apply-release";
import type { Environment } from "./environment";
import { ensureGranted } from "./grant-check";
import type { Target, Way, Work } from "./parts";
import type { StepId } from "./plan";
import { prune, pruneAutoscalers } from "./prune";
import { deploy } from "./release-book";
import { secretSums } from "./secret-sums";
import { smokeTest } from "./smoke";
import type { Store } from "./store";

export type Runs = Partial<Record<StepId, (work: Work) => Promise<string>>>;

export interface TargetSteps {
  runs: Runs;
  /** How many objects are other than they were. */
  changes: () => number;
}

/**
 * @param revision of the target's record, once it is known
 * @param way any but forwards leads to a release that ran before
 */
export function targetSteps(
  environment: Environment,
  store: Store,
  target: Target,
  revision: () => number,
  way: Way = "forwards",
): TargetSteps {
  const { cluster, parts, timeoutS, grantCommand, keep } = environment;
  // Namespaces before what lies in them.
  const granted = target.objects
    .filter(belongsToGrant)
    .toSorted((a, b) => Number(a.metadata.namespace !== undefined) - Number(b.metadata.namespace !== undefined));
  let changes = 0;
  let applying: Applying | undefined;
  let standing: Standing[] = [];
  const counted = (changed: number, all: number): string => {
    changes += changed;
    return changed === 0 ? `${all} objects, as they should be` : `${changed} of ${all} objects changed`;
  };
  return {
    changes: () => changes,
    runs: {
      images: work => parts.images(target, work),
      grant: async work => {
        const changed = await ensureGranted(
          cluster,
          granted,
          { command: grantCommand, isBack: way !== "forwards" },
          work,
        );
        return counted(changed, granted.length);
      },
      secrets: async work => {
        const back = way === "forwards" ? 0 : await bringFormerBack(cluster, store.namespace);
        const note = await parts.secrets(cluster, target, work, way);
        return back > 0 ? `${back} with their values of before; ${note}` : note;
      },
      apply: async work => {
        changes += await pruneAutoscalers({ cluster, timeoutS, work }, await store.records(), target);
        const objects = target.objects.filter(object => !belongsToGrant(object));
        const sumOf = await secretSums(cluster, target.platformNamespace, target.secrets);
        applying = { cluster, target, objects, sumOf, timeoutS, work };
        standing = await applyRelease(applying);
        return counted(standing.filter(({ applied }) => applied.changed).length, objects.length);
      },
      wait: async work => {
        if (applying) await waitForAll({ ...applying, work }, standing);
        return "";
      },
      smoke: work => smokeTest(cluster, target.endpoints, work),
      prune: async work => {
        const { removed, note } = await prune({ cluster, timeoutS, work }, await store.records(), target);
        changes += removed;
        return note;
      },
      record: async work => {
        const note = await deploy({ cluster, timeoutS, work }, store, revision(), keep, way !== "forwards");
        await forgetFormer(cluster, store.namespace);
        return note;
      },
    },
  };
}
