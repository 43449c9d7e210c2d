// Support bundle: what it is made from.
import type { Cluster } from "../../kubernetes/objects";
import type { PlainReader } from "../../kubernetes/plain-request";

export interface SupportInputs {
  cluster: Cluster;
  /** Reads logs; without it there are none in the bundle. */
  plain?: PlainReader;
  platformNamespace: string;
  /** All of the release, the platform's among them. */
  namespaces: readonly string[];
  /** The release's objects, by which they are found. */
  objects: readonly { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } }[];
  /** Its Secrets, whose values are looked for in everything. */
  secrets: readonly { namespace: string; name: string }[];
  /** More values that must not be in it: the account's own token, supplied secrets. */
  alsoSecret?: readonly string[];
  /** Of the installer, the release and what else is known: a name and a version each. */
  versions: Readonly<Record<string, string>>;
  /** Lines from the end of each container's log. */
  lines: number;
  /** RFC 3339. */
  now: string;
  progress: (text: string) => void;
}

/** What is not in it, and why: a reader of the bundle must not take it for nothing. */
export interface LeftOut {
  what: string;
  why: string;
}
