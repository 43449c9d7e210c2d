// Installer: back to the release that ran before, out of its record: the same steps as forwards, and what only the failed one had is removed.
import { forgetFormer } from "../secrets/former";
import type { Environment } from "./environment";
import type { PlannedStep, StepId } from "./plan";
import type { Session } from "./session";
import type { Store } from "./store";
import { targetSteps } from "./target-steps";

const ids: readonly StepId[] = ["grant", "secrets", "apply", "wait", "prune"];

export async function goBack(
  environment: Environment,
  store: Store,
  session: Session,
  revision: number,
): Promise<void> {
  const { target } = await store.record(revision);
  const { version } = target;
  const { runs } = targetSteps(environment, store, target, () => revision, "after failure");
  const titles: Partial<Record<StepId, string>> = {
    grant: `back to ${version}: what an administrator may have granted`,
    secrets: `back to ${version}: see that the Secrets are there, with the values of before`,
    apply: `back to ${version}: apply its objects`,
    wait: `back to ${version}: wait until all is ready`,
    prune: `back to ${version}: remove what only the failed release had`,
  };
  for (const id of ids) {
    const run = runs[id];
    const title = titles[id] ?? id;
    const step: PlannedStep = { id, title, what: title };
    if (run) await session.run(step, run);
  }
  await forgetFormer(environment.cluster, store.namespace);
}
