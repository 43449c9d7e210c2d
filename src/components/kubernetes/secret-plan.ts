// Kubernetes components: which Secrets a workload needs, and how the value of each key comes about. Never a value itself (PF-7, SA-8).

/** Annotation of a pod that changes with the values of the Secrets it uses, so that new values reach it, whoever delivers (RT-17). */
export const secretsAnnotation = "palisade.dev/secrets";

/** How one value comes about. Whoever applies the objects follows it: the engine with its encrypted state, or an installer on the spot. */
export type SecretSource =
  /** Random, letters and digits, made once. */
  | { kind: "generated"; length: number }
  /** Given by the stack's encrypted configuration or by the operator, under this name of the specification. */
  | { kind: "supplied"; variable: string; description: string }
  /** The same value as another key of the plan. */
  | { kind: "copy"; secret: string; key: string }
  /** A text in which each `{name}` is replaced by the value of another key of the plan; values need no escaping in JSON. */
  | { kind: "composed"; text: string; values: Record<string, { secret: string; key: string }> }
  /**
   * Part of a certificate by the workload's own authority. All keys of one Secret share one certificate: `certificate` and
   * `key` are its halves, `authority` is what others check it by.
   */
  | { kind: "certificate" | "key" | "authority" };

export interface SecretPlan {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  /** Default `Opaque`. */
  type?: string;
  /** By the key in the Secret's `data`. */
  keys: Record<string, SecretSource>;
  /**
   * Needed where a key is part of a certificate (SA-6). Its authority is the workload's own, or that of the environment's
   * platform, which the log sink trusts; default `workload`.
   */
  certificate?: {
    commonName: string;
    dnsNames: string[];
    usages: ("server" | "client")[];
    authority?: "workload" | "platform";
  };
}
