// Kubernetes plugin: what every operation works with. The cluster is looked for when it is first needed, and once.
import { type Api, connect } from "../../src/kubernetes/client";
import { discovery } from "../../src/kubernetes/discovery";
import { Unreachable } from "../../src/kubernetes/errors";

import type { Cluster } from "../../src/kubernetes/objects";
import type { Settings } from "./config";
import { connectionOf } from "./connection";

/** What the engine shows to the person at the terminal. */
export interface Host {
  /** A line beside the resource while it is worked on; the next one takes its place. */
  status(urn: string, text: string): void;
  /** A message that stays. */
  say(severity: "info" | "warning", urn: string, text: string): void;
}

export interface Context {
  settings: Settings;
  /** Fires when the engine is interrupted; waits end then. */
  cancelled: AbortSignal;
  host: Host;
  /**
   * The cluster, seen to answer.
   * @throws Unreachable
   */
  cluster: () => Promise<Cluster>;
  /** Namespace of objects that name none; empty where manifests are rendered and none is set. */
  defaultNamespace: () => string;
}

export function context(settings: Settings, host: Host, cancelled: AbortSignal): Context {
  let found: Promise<Cluster> | undefined;
  return {
    settings,
    cancelled,
    host,
    cluster: () => {
      found ??= reach(settings);
      return found;
    },
    defaultNamespace: () => {
      if (settings.namespace || settings.renderYamlToDirectory) return settings.namespace;
      return configured(settings).namespace;
    },
  };
}

const caller = {
  userAgent: "pulumi-kubernetes (palisade)",
  ifGone:
    "If the cluster is gone for good, its resources are forgotten by running the same command with " +
    "PULUMI_K8S_DELETE_UNREACHABLE=true.",
};

function configured(settings: Settings) {
  try {
    return connectionOf(settings);
  } catch (error) {
    throw new Unreachable("", error instanceof Error ? error.message : String(error), caller.ifGone);
  }
}

async function reach(settings: Settings): Promise<Cluster> {
  const api: Api = connect(configured(settings), caller);
  await api.send({ method: "GET", path: "/version" }).catch((error: unknown) => {
    // A server that answers, even with a refusal, is there.
    if (error instanceof Unreachable) throw error;
  });
  return { api, discovery: discovery(api) };
}
