// Cluster: the programs built from the Go module proxy. Each tool module's go.sum holds every byte that comes in.
import { join } from "node:path";
import { go } from "../build";
import { sourceKey } from "../cache";
import { KUBERNETES_VERSION } from "./versions";

/** A tool module and what is built of it, as DIR/<program>. */
export interface GoPrograms {
  /** Name of its directory below toolchain/go and in the cache. */
  module: string;
  /** For the progress line. */
  title: string;
  /** Program by main package. */
  programs: Record<string, string>;
  ldflags?: string[];
}

const [major, minor] = KUBERNETES_VERSION.split(".");
const kubernetesVersion = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap(name => [
  `-X ${name}.gitVersion=v${KUBERNETES_VERSION}`,
  `-X ${name}.gitMajor=${major}`,
  `-X ${name}.gitMinor=${minor}`,
  `-X ${name}.gitTreeState=clean`,
]);

/** Kubernetes' own programs. */
export const kubernetes: GoPrograms = {
  module: "kubernetes",
  title: `Kubernetes ${KUBERNETES_VERSION}`,
  programs: Object.fromEntries(
    ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"].map(name => [
      name,
      `k8s.io/kubernetes/cmd/${name}`,
    ]),
  ),
  ldflags: kubernetesVersion,
};

/** The node's first process, and the program of the pause image. */
export const node: GoPrograms = {
  module: "node",
  title: "the cluster's node",
  programs: { node: ".", pause: "./pause" },
};

export const networkPolicies: GoPrograms = {
  module: "network-policies",
  title: "network-policy enforcement",
  programs: { "kube-network-policies": "sigs.k8s.io/kube-network-policies/cmd" },
};

export const coredns: GoPrograms = { module: "coredns", title: "CoreDNS", programs: { coredns: "." } };

export const localPathProvisioner: GoPrograms = {
  module: "local-path-provisioner",
  title: "local-path-provisioner",
  programs: { "local-path-provisioner": "github.com/rancher/local-path-provisioner" },
};

export const metricsServer: GoPrograms = {
  module: "metrics-server",
  title: "metrics-server",
  programs: { "metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server" },
};

const source = (module: string) => join(__dirname, "..", "go", module);

/** Cache key: the tool module's files and how they are built. */
export function programsKey(tool: GoPrograms): string {
  return sourceKey(source(tool.module), JSON.stringify(tool.programs), ...(tool.ldflags ?? []));
}

/** Builds them into `directory`. */
export async function buildPrograms(tool: GoPrograms, directory: string): Promise<void> {
  const ldflags = ["-s -w -buildid=", ...(tool.ldflags ?? [])].join(" ");
  const packages = Object.entries(tool.programs);
  const together = packages.every(([name, path]) => path.endsWith(`/${name}`));
  // One command shares the work among programs; it names each after its package, which is not always the program's name.
  const builds = together
    ? [["-o", `${directory}/`, ...packages.map(([, path]) => path)]]
    : packages.map(([name, path]) => ["-o", join(directory, name), path]);
  for (const build of builds) await go(source(tool.module), ["build", "-ldflags", ldflags, ...build]);
}
