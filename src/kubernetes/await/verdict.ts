// Kubernetes: whether an object has become what was asked for. Pure decisions over what the server says of it.
import { isObserved } from "../client";
import { countAt } from "../errors";
import { annotation, at, equal, type Json, type JsonObject, listAt, numberAt, textAt } from "../json";

export type Verdict =
  | { state: "ready" }
  /** `status` says what is still missing, in one line. */
  | { state: "waiting"; status: string }
  /** It will not become ready by waiting. */
  | { state: "failed"; reason: string };

export const READY: Verdict = { state: "ready" };
export const waiting = (status: string): Verdict => ({ state: "waiting", status });
export const failed = (reason: string): Verdict => ({ state: "failed", reason });

/** Set on a workload by the controller that keeps its restart budget, with the reason; nothing more comes of waiting then. */
const HALTED = "palisade.dev/halted";

export function condition(object: JsonObject, type: string): Json | undefined {
  return listAt(object, "status", "conditions").find(entry => textAt(entry, "type") === type);
}

const isTrue = (object: JsonObject, type: string): boolean => textAt(condition(object, type), "status") === "True";

/** Why a workload was halted; undefined if it was not. */
export function haltReason(object: JsonObject | undefined): string | undefined {
  return (object && annotation(object, HALTED)) || undefined;
}

function halted(object: JsonObject): Verdict | undefined {
  const reason = haltReason(object);
  return reason ? failed(`halted: ${reason}`) : undefined;
}

/** What the release before was halted for, if `after` is another release than `before`: the same one stays halted. */
export function haltedRelease(before: JsonObject | undefined, after: JsonObject): string | undefined {
  const isOther = !equal(at(before, "spec", "template"), at(after, "spec", "template"));
  return isOther ? haltReason(before) : undefined;
}

/** As `kubectl rollout status` has it: all replicas are of the new template, available, and the old ones gone. */
export function deployment(live: JsonObject): Verdict {
  const stopped = halted(live);
  if (stopped) return stopped;
  if (!isObserved(live)) return waiting("the controller has not seen it yet");
  if (at(live, "spec", "paused") === true) return READY;
  const progress = condition(live, "Progressing");
  if (textAt(progress, "reason") === "ProgressDeadlineExceeded") return failed(textAt(progress, "message"));
  const wanted = numberAt(live, "spec", "replicas") ?? 1;
  const [updated, all, available] = ["updatedReplicas", "replicas", "availableReplicas"].map(name =>
    countAt(live, "status", name),
  );
  if ((updated ?? 0) < wanted) return waiting(`${updated} of ${wanted} replicas are of the new template`);
  if ((all ?? 0) > (updated ?? 0)) return waiting(`${(all ?? 0) - (updated ?? 0)} old replicas have not ended yet`);
  if ((available ?? 0) < wanted) return waiting(`${available} of ${wanted} replicas are available`);
  return READY;
}

export function statefulSet(live: JsonObject): Verdict {
  const stopped = halted(live);
  if (stopped) return stopped;
  if (!isObserved(live)) return waiting("the controller has not seen it yet");
  const wanted = numberAt(live, "spec", "replicas") ?? 1;
  const ready = countAt(live, "status", "readyReplicas");
  if (ready < wanted) return waiting(`${ready} of ${wanted} replicas are ready`);
  if (textAt(live, "spec", "updateStrategy", "type") === "OnDelete") return READY;
  const partition = countAt(live, "spec", "updateStrategy", "rollingUpdate", "partition");
  const updated = countAt(live, "status", "updatedReplicas");
  if (partition > 0)
    return updated >= wanted - partition
      ? READY
      : waiting(`${updated} of ${wanted - partition} replicas are of the new template`);
  if (wanted > 0 && textAt(live, "status", "updateRevision") !== textAt(live, "status", "currentRevision"))
    return waiting(`${updated} of ${wanted} replicas are of the new template`);
  return READY;
}

export function daemonSet(live: JsonObject): Verdict {
  if (!isObserved(live)) return waiting("the controller has not seen it yet");
  const wanted = countAt(live, "status", "desiredNumberScheduled");
  const updated = countAt(live, "status", "updatedNumberScheduled");
  const available = countAt(live, "status", "numberAvailable");
  if (textAt(live, "spec", "updateStrategy", "type") !== "OnDelete" && updated < wanted)
    return waiting(`${updated} of ${wanted} nodes have the new template`);
  return available < wanted ? waiting(`available on ${available} of ${wanted} nodes`) : READY;
}

export function pod(live: JsonObject): Verdict {
  const phase = textAt(live, "status", "phase");
  if (phase === "Succeeded" || isTrue(live, "Ready")) return READY;
  if (phase === "Failed") return failed(`the pod failed${said(live.status)}`);
  return waiting(`phase ${phase || "unknown"}`);
}

export function job(live: JsonObject): Verdict {
  if (at(live, "spec", "suspend") === true || isTrue(live, "Complete") || isTrue(live, "SuccessCriteriaMet"))
    return READY;
  if (isTrue(live, "Failed")) return failed(`the job failed${said(condition(live, "Failed"))}`);
  const [active, succeeded, lost] = ["active", "succeeded", "failed"].map(name => countAt(live, "status", name));
  return waiting(`${active} pods run, ${succeeded} succeeded, ${lost} failed`);
}

/** Services without a selector of their own, and headless ones, have nothing that could be waited for. */
export function service(live: JsonObject, endpointSlices: readonly Json[]): Verdict {
  const type = textAt(live, "spec", "type");
  if (type === "LoadBalancer" && listAt(live, "status", "loadBalancer", "ingress").length === 0)
    return waiting("no load balancer has been given an address yet");
  const selects = Object.keys((at(live, "spec", "selector") ?? {}) as object).length > 0;
  if (type === "ExternalName" || textAt(live, "spec", "clusterIP") === "None" || !selects) return READY;
  return hasEndpoint(endpointSlices) ? READY : waiting("no pod that it selects is ready");
}

export function hasEndpoint(slices: readonly Json[]): boolean {
  return slices.some(slice =>
    listAt(slice, "endpoints").some(
      endpoint => at(endpoint, "conditions", "ready") !== false && listAt(endpoint, "addresses").length > 0,
    ),
  );
}

/** @param unserved names of the services in its paths that have no endpoint */
export function ingress(live: JsonObject, unserved: readonly string[]): Verdict {
  if (unserved.length > 0) return waiting(`service ${unserved.map(name => `\`${name}\``).join(", ")} has no endpoint`);
  return listAt(live, "status", "loadBalancer", "ingress").length > 0
    ? READY
    : waiting("no ingress controller has given it an address yet");
}

/** @param bindingMode `volumeBindingMode` of its storage class; empty where it has none */
export function claim(live: JsonObject, bindingMode: string): Verdict {
  const phase = textAt(live, "status", "phase");
  if (phase === "Bound" || (bindingMode === "WaitForFirstConsumer" && phase !== "Lost")) return READY;
  return phase === "Lost" ? failed("its volume is lost") : waiting("no volume is bound to it yet");
}

export function definition(live: JsonObject): Verdict {
  if (isTrue(live, "Established")) return READY;
  const names = condition(live, "NamesAccepted");
  if (textAt(names, "status") === "False") return failed(`its names are not accepted${said(names)}`);
  return waiting("the server does not serve it yet");
}

export function namespace(live: JsonObject): Verdict {
  return textAt(live, "status", "phase") === "Terminating" ? failed("it is being deleted") : READY;
}

function said(by: Json | undefined): string {
  const words = [textAt(by, "reason"), textAt(by, "message")].filter(Boolean).join(": ");
  return words ? `: ${words}` : "";
}
