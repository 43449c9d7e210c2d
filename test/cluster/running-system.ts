// Cluster tests: the running system that all proofs look at: its pods and their processes, and ways to ask from inside them.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { catalog } from "../../src/catalog/catalog";
import type { Workload } from "../../src/workload/workload";
import { goProgram } from "../../toolchain/go-program";
import { type RunResult, run } from "../../toolchain/run";
import type { LocalStack } from "../../toolchain/stack";
import { referenceBinary } from "../services/images";
import type { ClusterRoom, StackValues } from "./local-stack";

export const environment = "dev";
export const platformNamespace = `palisade-${environment}`;
export const nodesNamespace = `${platformNamespace}-nodes`;

/** Where callers from outside would stand: the pods that the stack names as its ingress controller. */
export const edge = { namespace: "edge", labels: { app: "edge" } } as const;
/** Somebody else's namespace in the same cluster, without a policy of its own. */
export const stranger = { namespace: "stranger", labels: { app: "stranger" }, port: 7777 } as const;

export interface Container {
  name: string;
  /** The runtime's id, without its scheme. */
  id: string;
  ports: number[];
  isRunning: boolean;
}

export interface Pod {
  namespace: string;
  name: string;
  /** `<namespace>/<part>`: what a policy can tell apart. */
  part: string;
  uid: string;
  address: string;
  containers: Container[];
}

/** What proofs need of systems that run, whoever brought them up. */
export interface RunningSystem {
  room: Pick<ClusterRoom, "cluster" | "digests" | "directory" | "kubectl" | "peers">;
  /** Programs that are started inside a pod's namespaces: the peers' and the probe. */
  programs: { peers: string; probe: string };
}

/** What proofs need of a stack that is up. */
export interface RunningStack extends RunningSystem {
  stack: LocalStack;
}

/** Specifications of all that runs. */
export const workloads: readonly Workload[] = [...catalog.values()];
export const namespaceOf = ({ name }: Pick<Workload, "name">): string => `${name}-${environment}`;
export const stackNamespaces: readonly string[] = [...workloads.map(namespaceOf), platformNamespace, nodesNamespace];

/** The values of the trial, with a way in for callers, and as many replicas as the proofs need. */
export function provableValues(values: StackValues): StackValues {
  const copy = structuredClone(values) as {
    cluster: Record<string, unknown>;
    workloads: Record<string, { services: Record<string, Record<string, unknown>> }>;
  };
  copy.cluster.ingress = { className: "traefik", namespace: edge.namespace, podLabels: edge.labels };
  Object.assign(copy.workloads.iss?.services.api ?? {}, { minReplicas: 3, maxReplicas: 3, memoryMiB: 2048 });
  return copy as unknown as StackValues;
}

/** What a customer's cluster has before anything is applied: the kinds of its ingress controller, and other people's pods. */
export async function prepareCluster({ cluster, digests, kubectl }: RunningSystem["room"]): Promise<void> {
  const image = `${cluster.registry.pull}/test/peers@${digests["test/peers"]}`;
  const kinds = [
    ["Middleware", "middlewares"],
    ["ServersTransport", "serverstransports"],
    ["TLSOption", "tlsoptions"],
  ].map(([kind = "", plural = ""]) => definition(kind, plural));
  const ingressClass = {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: { name: "traefik" },
    spec: { controller: "traefik.io/ingress-controller" },
  };
  const others = [edge, stranger].flatMap(({ namespace, labels }) => [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    otherPod(namespace, labels, image),
  ]);
  const { code, stderr } = await kubectlApply(cluster, {
    apiVersion: "v1",
    kind: "List",
    items: [...kinds, ingressClass, ...others],
  });
  if (code !== 0) throw new Error(stderr);
  for (const { namespace } of [edge, stranger]) {
    const waited = await kubectl(
      "wait",
      "--namespace",
      namespace,
      "--for=condition=Ready",
      "pod/other",
      "--timeout=60s",
    );
    if (waited.code !== 0) throw new Error(waited.stderr);
  }
}

/** Builds what is started inside pods. */
export async function proofPrograms(): Promise<RunningSystem["programs"]> {
  return {
    peers: await referenceBinary("peers"),
    probe: await goProgram({ name: "probe", module: join(__dirname, "probe") }),
  };
}

/** @throws Error with kubectl's own words */
export async function must(system: RunningSystem, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await system.room.kubectl(...args);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Objects of a kind. */
export async function list<Item>(system: RunningSystem, kind: string, ...more: string[]): Promise<Item[]> {
  return (JSON.parse(await must(system, "get", kind, "--output", "json", ...more)) as { items: Item[] }).items;
}

/** Running pods of these namespaces. */
export async function podsOf(system: RunningSystem, namespaces: readonly string[]): Promise<Pod[]> {
  const found = await list<PodObject>(system, "pods", "--all-namespaces", "--field-selector", "status.phase=Running");
  return found
    .filter(({ metadata }) => namespaces.includes(metadata.namespace) && !metadata.deletionTimestamp)
    .map(({ metadata, spec, status }) => {
      const { namespace, name, uid, labels = {} } = metadata;
      const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
      const part = labels["app.kubernetes.io/name"] ?? labels["k8s-app"] ?? labels.app ?? name;
      return {
        ...{ namespace, name, uid, part: `${namespace}/${part}`, address: status.podIP ?? "" },
        containers: [...(spec.initContainers ?? []), ...spec.containers].map(container => {
          const now = statuses.find(one => one.name === container.name);
          return {
            name: container.name,
            id: now?.containerID?.replace(/^.*:\/\//, "") ?? "",
            ports: (container.ports ?? []).map(({ containerPort }) => containerPort),
            isRunning: now?.state?.running !== undefined,
          };
        }),
      };
    });
}

interface PodObject {
  metadata: {
    namespace: string;
    name: string;
    uid: string;
    labels?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: Record<"containers" | "initContainers", { name: string; ports?: { containerPort: number }[] }[]>;
  status: { podIP?: string } & Partial<
    Record<
      "containerStatuses" | "initContainerStatuses",
      { name: string; containerID?: string; state?: { running?: object } }[]
    >
  >;
}

/** Processes of a control group whose name holds this: the uid of a pod, the id of a container. Ids as the machine counts. */
export function processesOf(mark: string): number[] {
  return readdirSync("/proc")
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(mark);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Command and arguments that run a program of this machine in the network of a pod, and in nothing else of it. */
function inNetworkOf({ uid, name }: Pod, ...command: string[]): [string, string[]] {
  const [pid] = processesOf(uid);
  if (pid === undefined) throw new Error(`pod ${name} has no process`);
  return ["nsenter", ["--target", String(pid), "--net", "--", ...command]];
}

export function runInNetworkOf(pod: Pod, ...command: string[]): Promise<RunResult> {
  const [program, args] = inNetworkOf(pod, ...command);
  return run(program, args);
}

/** What `peers load` counted. */
export interface Load {
  requests: number;
  failures: number;
  statuses: Record<string, number>;
  errors: Record<string, number>;
  p95_ms: number;
}

/** Requests at a steady rate from a pod's network, until `stop`. */
export function startLoad(system: RunningSystem, from: Pod, ...args: string[]): { stop(): Promise<Load> } {
  const [program, all] = inNetworkOf(from, system.programs.peers, "load", "-duration", "10m", ...args);
  const child: ChildProcess = spawn(program, all, { stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]?.setEncoding("utf8").on("data", (chunk: string) => {
      text[stream] += chunk;
    });
  const ended = once(child, "close");
  return {
    async stop() {
      child.kill("SIGTERM");
      await ended;
      if (text.stdout === "") throw new Error(`the load ended without a count: ${text.stderr}`);
      return JSON.parse(text.stdout) as Load;
    },
  };
}

/** Address of a Service of a workload. */
export async function clusterAddress(system: RunningSystem, namespace: string, service: string): Promise<string> {
  return must(system, "get", "service", service, "--namespace", namespace, "--output", "jsonpath={.spec.clusterIP}");
}

/** Authority of a part's certificate, in PEM. */
export async function authorityOf(system: RunningSystem, namespace: string, part: string): Promise<string> {
  const path = "jsonpath={.data.ca\\.crt}";
  const encoded = await must(system, "get", "secret", `tls-${part}`, "--namespace", namespace, "--output", path);
  return Buffer.from(encoded, "base64").toString("utf8");
}

/**
 * Makes objects what they are given as, or lets them go.
 * @param objects one, a list, or a text of several
 */
export function kubectlApply(
  { binaries, kubeconfig }: ClusterRoom["cluster"],
  objects: object | string,
  verb: "apply" | "delete" = "apply",
): Promise<RunResult> {
  const child = spawn(binaries.kubectl, ["--kubeconfig", kubeconfig, verb, "--filename", "-"]);
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (chunk: string) => {
      text[stream] += chunk;
    });
  child.stdin.end(typeof objects === "string" ? objects : JSON.stringify(objects));
  return once(child, "close").then(([code]) => ({ code: Number(code), ...text }));
}

function definition(kind: string, plural: string): object {
  const spec = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.traefik.io` },
    spec: {
      group: "traefik.io",
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
        },
      ],
    },
  };
}

function otherPod(namespace: string, labels: Record<string, string>, image: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "other", namespace, labels },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "other",
          image,
          args: ["echo", "-listen", `:${stranger.port}`],
          ports: [{ containerPort: stranger.port }],
        },
      ],
    },
  };
}
