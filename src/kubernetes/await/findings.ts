// Kubernetes: why pods do not become ready, from their status and events. Pure; says what to look at next.
import { countAt } from "../errors";
import { at, isObject, type Json, type JsonObject, listAt, nameOf, namespaceOf, textAt } from "../json";

/** What was found, in one line, and the command that shows more. */
export interface Finding {
  text: string;
  next: string;
}

const PULLING = new Set([
  "ImagePullBackOff",
  "ErrImagePull",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "RegistryUnavailable",
]);
const MISCONFIGURED = new Set([
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
  "PreCreateHookError",
  "PostStartHookError",
]);
const LONGEST_MESSAGE = 360;

/** Text of the cluster on one line, without control characters, of bounded length: images and probes write it. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  if (line.length <= LONGEST_MESSAGE) return line;
  // The cause often stands at the end, behind the names of what was tried.
  return `${line.slice(0, LONGEST_MESSAGE / 2)} … ${line.slice(-LONGEST_MESSAGE / 2)}`;
}

/** Why a pod is not ready; empty where it is, or where nothing speaks against it yet. */
export function podFindings(pod: JsonObject, events: readonly Json[]): Finding[] {
  const describe = `kubectl describe pod ${nameOf(pod)} -n ${namespaceOf(pod)}`;
  const scheduled = listAt(pod, "status", "conditions").find(entry => textAt(entry, "type") === "PodScheduled");
  if (textAt(scheduled, "status") === "False" && textAt(scheduled, "reason") !== "SchedulingGated")
    return [{ text: `pod ${nameOf(pod)} finds no node: ${plain(textAt(scheduled, "message"))}`, next: describe }];
  const statuses = [...listAt(pod, "status", "initContainerStatuses"), ...listAt(pod, "status", "containerStatuses")];
  const found = statuses.filter(isObject).flatMap(status => containerFindings(pod, status, events, describe));
  if (found.length > 0) return found;
  const stuck = last(events, ["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "NetworkNotReady"]);
  const isReady = listAt(pod, "status", "conditions").some(
    entry => textAt(entry, "type") === "Ready" && textAt(entry, "status") === "True",
  );
  return stuck && !isReady ? [{ text: `pod ${nameOf(pod)}: ${stuck}`, next: describe }] : [];
}

function containerFindings(pod: JsonObject, status: JsonObject, events: readonly Json[], describe: string): Finding[] {
  const container = textAt(status, "name");
  const where = `pod ${nameOf(pod)}, container \`${container}\``;
  const reason = textAt(status, "state", "waiting", "reason");
  const message = plain(textAt(status, "state", "waiting", "message"));
  if (PULLING.has(reason)) {
    const why = last(events, ["Failed"], /failed to pull/i) || message;
    return [
      { text: `${where}: image \`${textAt(status, "image")}\` cannot be had (${reason}): ${why}`, next: describe },
    ];
  }
  if (MISCONFIGURED.has(reason)) return [{ text: `${where}: ${reason}: ${message}`, next: describe }];
  const ended = at(status, "lastState", "terminated");
  const logs = `kubectl logs ${nameOf(pod)} -n ${namespaceOf(pod)} -c ${container}`;
  const probe = last(events, ["Unhealthy"]);
  if (reason === "CrashLoopBackOff") {
    const killed = /liveness|startup/i.test(probe) ? `; ${probe}` : "";
    return [
      {
        text: `${where} keeps ending (CrashLoopBackOff): ${endOf(ended)}, restarted ${times(status)}${killed}`,
        next: `${logs} --previous`,
      },
    ];
  }
  const now = at(status, "state", "terminated");
  if (now !== undefined && countAt(objectOf(now), "exitCode") !== 0)
    // Between its end and the next start: by the time its words are asked for, it may have been started anew.
    return countAt(status, "restartCount") > 0
      ? [{ text: `${where} keeps ending: ${endOf(now)}, restarted ${times(status)}`, next: `${logs} --previous` }]
      : [{ text: `${where} ended: ${endOf(now)}`, next: logs }];
  if (at(status, "state", "running") !== undefined && at(status, "ready") === false && probe)
    return [{ text: `${where} runs and is not ready: ${probe}`, next: describe }];
  return [];
}

const objectOf = (value: Json): JsonObject => (isObject(value) ? value : {});

function endOf(terminated: Json | undefined): string {
  const state = isObject(terminated) ? terminated : {};
  const reason = textAt(state, "reason");
  const detail = [reason === "Error" || reason === "" ? "" : reason, plain(textAt(state, "message"))]
    .filter(Boolean)
    .join(": ");
  return `exit code ${countAt(state, "exitCode")}${detail ? ` (${detail})` : ""}`;
}

function times(status: JsonObject): string {
  const count = countAt(status, "restartCount");
  return count === 1 ? "once" : `${count} times`;
}

/** The message of the last event with one of these reasons. */
function last(events: readonly Json[], reasons: readonly string[], matching = /(?:)/): string {
  const found = events
    .filter(event => reasons.includes(textAt(event, "reason")) && matching.test(textAt(event, "message")))
    .sort((a, b) => timeOf(a).localeCompare(timeOf(b)))
    .at(-1);
  return plain(textAt(found, "message"));
}

function timeOf(event: Json): string {
  return (
    textAt(event, "series", "lastObservedTime") ||
    textAt(event, "lastTimestamp") ||
    textAt(event, "eventTime") ||
    textAt(event, "metadata", "creationTimestamp")
  );
}

/** Why the controller of a workload cannot make its pods: quota, Pod Security, a missing service account. */
export function ownerFindings(owner: JsonObject, events: readonly Json[], since: string): Finding[] {
  const failure = listAt(owner, "status", "conditions").find(
    entry => textAt(entry, "type") === "ReplicaFailure" && textAt(entry, "status") === "True",
  );
  const recent = events.filter(event => timeOf(event) >= since);
  const text =
    plain(textAt(failure, "message")) || last(recent, ["FailedCreate", "ProvisioningFailed", "FailedBinding"]);
  if (!text) return [];
  const where = `-n ${namespaceOf(owner)}`;
  const kind = textAt(owner, "kind").toLowerCase();
  const next = /exceeded quota/.test(text)
    ? `kubectl describe resourcequota ${where}`
    : /PodSecurity/.test(text)
      ? `kubectl get namespace ${namespaceOf(owner)} --show-labels`
      : `kubectl describe ${kind} ${nameOf(owner)} ${where}`;
  return [{ text: `its pods cannot be made: ${text}`, next }];
}
