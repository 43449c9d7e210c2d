// Preflight: what it looks at. Everything that reaches out is given in, so that a test can stand in for it.
import type { KubernetesObject } from "../../components/kubernetes/object";
import type { Cluster } from "../../kubernetes/objects";
import type { PlainReader } from "../../kubernetes/plain-request";
import type { Granting } from "../grant/rules";
import type { Demand } from "../secrets/demand";
import type { Finding } from "./finding";

/** What became of an upload that was begun in the registry and cancelled again. */
export type RegistryAnswer =
  | { kind: "writable" }
  | {
      kind: "refused";
      reason: "authentication" | "permission" | "read-only" | "tls" | "unreachable" | "other";
      detail: string;
    };

export interface PreflightInputs {
  cluster: Cluster;
  /** Reads what is no object; without it, the clock and the image filesystem are not looked at. */
  plain?: PlainReader;
  /** Objects are those rendered for this place. */
  release: Granting & { objects: readonly KubernetesObject[] };
  /** Oldest minor version it installs on, such as 1.30. */
  minimumKubernetes: string;
  images: {
    /** All blobs of all images, in bytes. */
    size: number;
    /** Of the largest image, in bytes; default: all. */
    largest?: number;
  };
  /** Host, port and path; empty where nothing is pushed. */
  registry: string;
  /** Where its address leads, such as `http://registry.example.com:5000`; unless given, over https. */
  registryOrigin?: string;
  /** Begins an upload in the registry and cancels it; left out where there is none. */
  tryRegistry?: () => Promise<RegistryAnswer>;
  /** Demands for which no value is supplied or in the cluster; left out where nobody can be asked for one. */
  lackingSecrets?: () => Promise<readonly Demand[]>;
  /** What prints the grant for an administrator. */
  grantCommand: string;
  /** Milliseconds since 1970; default: this machine's clock. */
  now?: () => number;
}

/** One concern. Returns all that it finds; what it may not see is a warning. */
export type Check = (inputs: PreflightInputs) => Promise<Finding[]>;
