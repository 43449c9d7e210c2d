// Installer: what the steps of a plan need of the rooms around them, and no more. Tests stand in for each.
import type { KubernetesObject } from "../../components/kubernetes/object";
import type { SecretPlan } from "../../components/kubernetes/secret-plan";
import type { Cluster } from "../../kubernetes/objects";

/** Where a service is asked whether it is well; see src/onprem/render/endpoints.ts. */
export interface Asked {
  workload: string;
  namespace: string;
  service: string;
  /** `none`: no Service leads to it, so that its own probes alone can tell. */
  exposure: "public" | "internal" | "none";
  port: number;
  scheme: "http" | "https";
  path: string;
  timeoutSeconds: number;
}

/** All that makes up a release in one cluster, rendered for it. Holds no value of a Secret. */
export interface Target {
  stack: string;
  environment: string;
  version: string;
  /** Commit; two builds of one version are not the same release. */
  buildSha: string;
  /** Digest of the bundle's index; empty where the release comes from a record. */
  indexDigest: string;
  /** Registry that the references of its images lead to. */
  registry: string;
  /** Digest of the values file it was rendered with, whose comments may say anything; empty without one. */
  values: string;
  platformNamespace: string;
  objects: readonly KubernetesObject[];
  secrets: readonly SecretPlan[];
  /** Values of supplied keys that its configuration holds, none of them secret: by namespace, then by variable. */
  given: Readonly<Record<string, Readonly<Record<string, string>>>>;
  endpoints: readonly Asked[];
}

/** How a part shows what it is doing, and when to end. */
export interface Work {
  /** One line that the next one replaces. */
  progress: (text: string) => void;
  /** A line that stays. */
  say: (text: string) => void;
  cancelled: AbortSignal;
}

/** How a release becomes the one that runs; `after failure`: another one gives way to it, for which alone values were supplied. */
export type Way = "forwards" | "rollback" | "after failure";

/** What differs between installers and tests. Each throws a Failure that names what is wrong and what to type. */
export interface Parts {
  /** Reads only. Returns one line about what was looked at. */
  preflight: (cluster: Cluster, target: Target, work: Work) => Promise<string>;
  /** Brings all images to where the target's references lead; what is there already is not sent again. */
  images: (target: Target, work: Work) => Promise<string>;
  /** Makes the Secrets that are missing and the keys that are missing in them; of what is there, only what is supplied anew changes. */
  secrets: (cluster: Cluster, target: Target, work: Work, way: Way) => Promise<string>;
}

/** Nothing to bring: the images of a release that was installed before are where it was installed from. */
export const imagesAreThere: Parts["images"] = async () => "they are where they were";
