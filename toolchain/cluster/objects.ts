// Cluster: the shape that what runs in the cluster for itself has in common.

/** A Kubernetes object as it is sent to the API. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
}

export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** A service account in kube-system that may do this everywhere. */
export function serviceAccount(name: string, rules: Rule[]): KubeObject[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "kube-system" } },
    ...mayDo(name, rules, { kind: "ServiceAccount", name, namespace: "kube-system" }),
  ];
}

/** A cluster role of this name, bound to a subject. */
export function mayDo(name: string, rules: Rule[], subject: object): KubeObject[] {
  const role = `palisade:${name}`;
  return [
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: role }, rules },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: role },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [subject],
    },
  ];
}

export interface SystemPod {
  /** Of the Deployment, its container and its service account. */
  name: string;
  labels: Record<string, string>;
  image: string;
  args: string[];
  env?: object[];
  /** Lowest port that this pod's users may listen on; 1024. */
  lowestPort?: number;
  readiness?: { path: string; port: number; scheme?: "HTTP" | "HTTPS" };
  mounts?: { path: string; volume: object }[];
}

/** A Deployment of one pod in kube-system, as tightly held as what is tried on this cluster. */
export function systemPod(pod: SystemPod): KubeObject {
  const { name, labels, mounts = [] } = pod;
  const httpGet = pod.readiness && { scheme: "HTTP", ...pod.readiness };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "kube-system", labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          priorityClassName: "system-cluster-critical",
          dnsPolicy: "Default",
          securityContext: {
            runAsNonRoot: true,
            seccompProfile: { type: "RuntimeDefault" },
            sysctls: pod.lowestPort && [{ name: "net.ipv4.ip_unprivileged_port_start", value: String(pod.lowestPort) }],
          },
          containers: [
            {
              name,
              image: pod.image,
              args: pod.args,
              env: pod.env,
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
              readinessProbe: httpGet && { httpGet, periodSeconds: 1 },
              resources: { requests: { cpu: "10m", memory: "20Mi" }, limits: { memory: "200Mi" } },
              volumeMounts: mounts.map(({ path }, i) => ({ name: `volume-${i}`, mountPath: path, readOnly: true })),
            },
          ],
          volumes: mounts.map(({ volume }, i) => ({ name: `volume-${i}`, ...volume })),
        },
      },
    },
  };
}
