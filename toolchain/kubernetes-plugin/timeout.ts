// Kubernetes plugin: how long to wait. The resource's own `customTimeouts`, else the object's annotation, else ten minutes.
import { annotation, type JsonObject } from "../../src/kubernetes/json";

const DEFAULT_S = 600;

/** @throws Error if the annotation is no number of seconds */
export function timeoutOf(customS: number, object: JsonObject): number {
  if (customS > 0) return customS;
  const given = annotation(object, "pulumi.com/timeoutSeconds");
  if (!given) return DEFAULT_S;
  const seconds = Number(given);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new Error(`annotation \`pulumi.com/timeoutSeconds\` is \`${given}\`; a number of seconds above 0 is allowed`);
}
