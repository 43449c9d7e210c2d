// Kubernetes: which cluster, as whom. Read by the official client, which also keeps tokens fresh.
import type { RequestOptions } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node/dist/config.js";

export interface Connection {
  /** Address of the API server, such as `https://10.0.0.1:6443`. */
  server: string;
  /** Namespace of the context; `default` where it has none. */
  namespace: string;
  /** Options that authenticate a request, with an agent that keeps connections. */
  options: () => Promise<RequestOptions>;
}

/** Which cluster, as its user says it; an empty text leaves the choice to the kubeconfig. */
export interface Target {
  /** Text of a kubeconfig or path of one; empty: the usual places (KUBECONFIG, ~/.kube/config, a pod's account). */
  kubeconfig: string;
  context: string;
  cluster: string;
  namespace: string;
}

/** How a reader of errors gave the kubeconfig, and how to choose a context: `set \`context\` of the provider`. */
export interface Wording {
  given: string;
  chooseContext: string;
}

/**
 * @throws Error naming what of the kubeconfig is wrong and what to set
 */
export function connection(settings: Target, wording: Wording): Connection {
  const config = new KubeConfig();
  load(config, settings.kubeconfig, wording.given);
  if (settings.context) {
    const known = config.getContexts().map(context => context.name);
    if (!known.includes(settings.context)) throw unknown("context", settings.context, known);
    config.setCurrentContext(settings.context);
  }
  const context = config.getContextObject(config.getCurrentContext());
  if (settings.cluster) {
    const known = config.getClusters().map(cluster => cluster.name);
    if (!known.includes(settings.cluster)) throw unknown("cluster", settings.cluster, known);
    if (!context) throw new Error(`the kubeconfig has no current context; ${wording.chooseContext}`);
    config.contexts = config.contexts.map(c => (c === context ? { ...c, cluster: settings.cluster } : c));
  }
  const cluster = config.getCurrentCluster();
  if (!cluster)
    throw new Error(`the kubeconfig has no current context, or one without a cluster; ${wording.chooseContext}`);
  const namespace = settings.namespace || context?.namespace || "default";
  return { server: cluster.server.replace(/\/+$/, ""), namespace, options: () => requestOptions(config) };
}

async function requestOptions(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const agent = options.agent;
  if (typeof agent === "object") {
    agent.maxSockets = 16;
    // The client makes agents that close each connection; a handshake per request is most of a preview's time.
    (agent as typeof agent & { keepAlive: boolean }).keepAlive = true;
  }
  return options;
}

function load(config: KubeConfig, given: string, where: string): void {
  const text = given.trim();
  if (text === "") config.loadFromDefault();
  else if (/^[{]|\n|^apiVersion:/.test(text)) readable(where, () => config.loadFromString(text));
  else {
    const path = text.startsWith("~/") ? join(homedir(), text.slice(2)) : text;
    readable(path, () => config.loadFromFile(path));
  }
}

// The parser's own words quote the text, and with it keys and tokens: of what it says, only the code of the system is told.
function readable(where: string, load: () => void): void {
  try {
    load();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Error(code ? `kubeconfig ${where} cannot be read: ${code}` : `${where} does not parse as a kubeconfig`);
  }
}

function unknown(what: string, name: string, known: string[]): Error {
  return new Error(
    `${what} \`${name}\` is not in the kubeconfig; it has ${known.map(k => `\`${k}\``).join(", ") || "none"}`,
  );
}
