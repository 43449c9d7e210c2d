// Kubernetes: what goes wrong, in words: the cluster's answer, a cluster that is not there, an object that is not ready.
import { type JsonObject, listAt, numberAt, textAt } from "./json";

/** A field the server refuses, with its own words. */
export interface Cause {
  field: string;
  reason: string;
  message: string;
}

/** An answer of the API server other than success. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The server's machine-readable word, such as `NotFound`, `Conflict`, `Invalid`. */
  readonly reason: string;
  readonly causes: Cause[];
  /** Whether the API server says it itself, and not a service behind its proxy. */
  readonly isStatus: boolean;

  constructor(
    readonly status: number,
    body: JsonObject,
    method: string,
    path: string,
  ) {
    super(short(textAt(body, "message")) || `${method} ${path} was answered with ${status}`);
    this.reason = textAt(body, "reason");
    this.isStatus = textAt(body, "kind") === "Status";
    this.causes = listAt(body, "details", "causes").map(cause => ({
      field: textAt(cause, "field"),
      reason: textAt(cause, "reason"),
      message: textAt(cause, "message"),
    }));
  }

  get isNotFound(): boolean {
    return this.status === 404;
  }
  get isConflict(): boolean {
    return this.status === 409 && this.causes.some(cause => cause.reason === "FieldManagerConflict");
  }
}

/** Refusing a field, the server may print the whole of what it lies in; what matters stands at both ends. */
function short(message: string): string {
  if (message.length <= LONGEST_MESSAGE) return message;
  return `${message.slice(0, LONGEST_MESSAGE / 2)} … ${message.slice(-LONGEST_MESSAGE / 2)}`;
}

const LONGEST_MESSAGE = 1_000;

/** The cluster does not answer. Says which and what to do. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";

  /** @param ifGone what to do about a cluster that will not come back; empty where there is nothing to be done */
  constructor(server: string, reason: string, ifGone = "") {
    super(
      `the Kubernetes cluster at ${server || "(no address)"} cannot be reached: ${reason}.\n` +
        `See whether it answers: \`kubectl cluster-info\`.${ifGone && ` ${ifGone}`}`,
    );
  }
}

/** The object was made, changed or marked for deletion, but did not become what was waited for. */
export class NotReady extends Error {
  override readonly name = "NotReady";

  constructor(
    message: string,
    /** The object as it was last seen. */
    readonly live: JsonObject,
  ) {
    super(message);
  }
}

/** A count in a status; 0 where the server leaves it out. */
export const countAt = (value: JsonObject, ...path: string[]): number => numberAt(value, ...path) ?? 0;
