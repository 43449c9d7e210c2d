// Queues, approvals and the services at both ends of them: what can be written wrongly is refused where it stands.
import { expect, test } from "vitest";
import { contentPipeline } from "../../../src/catalog/content-pipeline";
import { queuesOf } from "../../../src/workload/hand-off";
import { type Workload, workload } from "../../../src/workload/workload";

type Draft = Workload;

/** Paths and messages of the faults of the pipeline, changed. */
function faults(change: (draft: Draft) => void): string[] {
  const draft = structuredClone(contentPipeline);
  change(draft);
  const result = workload.safeParse(draft);
  return result.success ? [] : result.error.issues.map(issue => `${issue.path.join(".")}: ${issue.message}`);
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the draft lacks it");
  return value;
}
const approval = (draft: Draft) => found(draft.approvals[0]);
const render = (draft: Draft) => found(draft.state.queues.render);
const artifacts = (draft: Draft) => found(draft.state.buckets.artifacts);

test("as it stands it has no fault", () => expect(faults(() => {})).toEqual([]));

test.each<[string, (draft: Draft) => void, RegExp]>([
  [
    "a producer that could bypass the approval (CP-11)",
    d => render(d).producers.push("editorbot"),
    /^state\.queues\.render\.producers: .*bypass it \(CP-11\)/,
  ],
  [
    "a queue nobody sends to",
    d => {
      d.approvals = [];
    },
    /^state\.queues\.render\.producers: nobody sends/,
  ],
  [
    "an unknown bucket",
    d => {
      approval(d).of.bucket = "other";
    },
    /^approvals\.0\.of\.bucket: no bucket `other`; there are `artifacts`$/,
  ],
  [
    "an unknown prefix",
    d => {
      approval(d).of.prefix = "other/";
    },
    /^approvals\.0\.of\.prefix: no prefix `other\/`; there are `audio\/raw\/`/,
  ],
  [
    "an unknown queue",
    d => {
      approval(d).releasesTo = "other";
    },
    /^approvals\.0\.releasesTo: no queue `other`; there are `render`$/,
  ],
  [
    "a service that may not read what it waits for",
    d => {
      found(artifacts(d).prefixes["scripts/"]).readers = ["editorbot"];
    },
    /^approvals\.0\.service: `renderer` is not among the readers of `scripts\/` \(CP-3\)$/,
  ],
  [
    "a service that does not take from the queue",
    d => {
      render(d).consumers = ["editorbot"];
    },
    /^approvals\.0\.service: `renderer` is not among the consumers of `render`$/,
  ],
  [
    "a bucket whose key does not admit notifications",
    d => {
      artifacts(d).dataClass = "backups";
    },
    /^approvals\.0\.of\.bucket: is of class `backups`; allowed is `artifacts`$/,
  ],
  [
    "a bucket without prefixes",
    d => {
      artifacts(d).prefixes = {};
    },
    /^state\.buckets\.artifacts\.prefixes: at least one prefix$/,
  ],
  [
    "no replicas and no queue to start one (CP-12)",
    d => {
      found(d.services.renderer).scaling.targets = [{ metric: "cpu", percent: 60 }];
    },
    /^services\.renderer\.scaling\.minReplicas: 0 replicas start again only/,
  ],
])("%s", (_, change, message) => {
  expect(faults(change)).toContainEqual(expect.stringMatching(message));
});

test("two approvals overlap in name, prefix and queue", () => {
  const twice = faults(draft => {
    found(artifacts(draft).prefixes["scripts/"]);
    artifacts(draft).prefixes["scripts/final/"] = { readers: ["renderer"], writers: ["editorbot"] };
    draft.approvals.push({ ...approval(draft), of: { bucket: "artifacts", prefix: "scripts/final/" } });
  });
  expect(twice).toEqual([
    "approvals.1.name: name `release` is used twice",
    "approvals.1.of.prefix: overlaps with that of approval `release`",
    "approvals.1.releasesTo: another approval releases to `render`; each has a queue of its own",
  ]);
});

test("a service's queues are those it takes from", () => {
  expect(queuesOf(contentPipeline.state, "renderer")).toEqual(["render"]);
  expect(queuesOf(contentPipeline.state, "editorbot")).toEqual([]);
});
