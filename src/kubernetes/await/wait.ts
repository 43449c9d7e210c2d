// Kubernetes: waiting until an object is ready, saying meanwhile what is missing, and at the end why it is not.
import { setTimeout as sleep } from "node:timers/promises";
import { NotReady } from "../errors";
import type { JsonObject } from "../json";
import { type Cluster, get, kubectl, type Place, titleOf } from "../objects";
import { diagnose } from "./diagnosis";
import type { Finding } from "./findings";
import { judgeOf } from "./judges";
import { failed, haltReason, waiting as still, type Verdict } from "./verdict";

export interface Waiting {
  cluster: Cluster;
  place: Place;
  live: JsonObject;
  timeoutS: number;
  /** What is still missing, in one line, each time that changes. */
  progress: (text: string) => void;
  /** Ends the wait. */
  cancelled: AbortSignal;
  /** What to tell who waited in vain: `the next \`pulumi up\` goes on from here`. */
  onward: string;
  /** Called from time to time with the object while it is not ready. */
  meanwhile?: (live: JsonObject) => Promise<unknown>;
  /** What the release before this one was halted for, if it was: whoever halted it has yet to see that this is another. */
  haltedBefore?: string;
}

const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 1_000;
const DIAGNOSIS_EVERY_MS = 4_000;
/** Ten times as long as a workload's guard takes between two looks. */
const RESUMED_WITHIN_MS = 30_000;

/**
 * The object once it is ready; at once for kinds that are ready when made.
 * @throws NotReady with what was found
 */
export async function waitUntilReady(waiting: Waiting): Promise<JsonObject> {
  const { cluster, place, cancelled, timeoutS } = waiting;
  const judge = judgeOf(place);
  if (!judge) return waiting.live;
  const began = performance.now();
  // Whole seconds, as events carry them.
  const since = `${new Date().toISOString().slice(0, 19)}Z`;
  let live = waiting.live;
  let diagnosed = began;
  let findings: Finding[] = [];
  let shown = "";
  for (let pause = PAUSE_MS; ; pause = Math.min(pause * 1.3, LONGEST_PAUSE_MS)) {
    const isOld = waiting.haltedBefore !== undefined && haltReason(live) === waiting.haltedBefore;
    const verdict =
      isOld && performance.now() - began < RESUMED_WITHIN_MS
        ? still("the release before it is still halted")
        : await judge(live, cluster, place);
    if (verdict.state === "ready") return live;
    const isLate = performance.now() - began > timeoutS * 1000;
    if (verdict.state === "failed" || isLate || cancelled.aborted) {
      const last = await diagnose(cluster, place, live, since);
      // A container that keeps ending also runs now and then: what was seen before still is the reason.
      if (last.length > 0) findings = last;
      const when = cancelled.aborted ? "interrupted" : isLate ? `after ${timeoutS} s` : "";
      throw notReady(waiting, verdict, findings, live, when);
    }
    if (performance.now() - diagnosed > DIAGNOSIS_EVERY_MS) {
      await waiting.meanwhile?.(live);
      findings = await diagnose(cluster, place, live, since);
      diagnosed = performance.now();
    }
    const status = [verdict.status, ...findings.map(finding => finding.text)].join("; ");
    if (status !== shown) waiting.progress(status);
    shown = status;
    await sleep(pause, undefined, { signal: cancelled }).catch(() => undefined);
    const next = await get(cluster, place);
    if (!next) throw notReady(waiting, failed("it was deleted by somebody else"), [], live, "");
    live = next;
  }
}

function notReady(
  { place, onward }: Waiting,
  verdict: Verdict,
  findings: Finding[],
  live: JsonObject,
  when: string,
): NotReady {
  const missing = verdict.state === "failed" ? verdict.reason : verdict.state === "waiting" ? verdict.status : "";
  const commands = [...new Set(findings.map(finding => finding.next))];
  if (commands.length === 0) commands.push(kubectl("describe", place));
  const text = [
    `${titleOf(place)} did not become ready${when ? ` (${when})` : ""}: ${missing}`,
    ...findings.map(finding => `  ${finding.text}`),
    [onward, `Look: ${commands.map(c => `\`${c}\``).join(", ")}`].filter(Boolean).join(" "),
  ];
  return new NotReady(text.join("\n"), live);
}
