// One program with an object of every kind the platform makes, and of those whose defaults are the most.

/** @param value of one environment variable, to change one field */
export const KINDS = (value: string): string => `
const ns = new k8s.core.v1.Namespace("kinds", { metadata: { name: "kinds", labels: { "pod-security.kubernetes.io/enforce": "restricted" } } }, { provider });
const o = { provider, dependsOn: ns };
const skip = { "pulumi.com/skipAwait": "ready" };
const m = (name: string) => ({ name, namespace: "kinds", annotations: skip });
const labels = { app: "web" };
const container = {
  name: "web", image: "registry.example.org/web@sha256:${"a".repeat(64)}",
  env: [{ name: "LEVEL", value: "0" }, { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "KEY", valueFrom: { secretKeyRef: { name: "secret", key: "password" } } }],
  ports: [{ name: "http", containerPort: 8080 }, { name: "dns", containerPort: 53, protocol: "UDP" }, { containerPort: 53 }],
  resources: { requests: { cpu: "0.5", memory: "1024Mi" }, limits: { cpu: "1000m", memory: "1Gi" } },
  readinessProbe: { httpGet: { path: "/ready", port: "http" } },
  lifecycle: { preStop: { exec: { command: ["sleep", "5"] } } },
  securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  volumeMounts: [{ name: "tmp", mountPath: "/tmp" }, { name: "settings", mountPath: "/etc/web", readOnly: true }],
};
const spec = {
  serviceAccountName: "web", automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: "RuntimeDefault" } },
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels: labels } }],
  containers: [container],
  volumes: [{ name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } }, { name: "settings", configMap: { name: "settings" } }],
};
const template = { metadata: { labels }, spec };
const selector = { matchLabels: labels };
new k8s.core.v1.ConfigMap("settings", { metadata: m("settings"), data: { "web.json": "{}", level: "info" } }, o);
new k8s.core.v1.Secret("secret", { metadata: m("secret"), stringData: { password: "correct-horse" }, data: { other: "Y29ycmVjdC1ob3JzZQ==" } }, o);
new k8s.core.v1.ServiceAccount("account", { metadata: m("web"), automountServiceAccountToken: false }, o);
const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }];
const subjects = [{ kind: "ServiceAccount", name: "web", namespace: "kinds" }];
const rbac = k8s.rbac.v1;
new rbac.Role("role", { metadata: m("web"), rules }, o);
new rbac.RoleBinding("role-binding", { metadata: m("web"), roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "web" }, subjects }, o);
new rbac.ClusterRole("cluster-role", { metadata: { name: "kinds-web" }, rules }, o);
new rbac.ClusterRoleBinding("cluster-role-binding", { metadata: { name: "kinds-web" }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "kinds-web" }, subjects }, o);
new k8s.core.v1.Service("service", { metadata: m("web"), spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: "http" }, { name: "dns", port: 53, protocol: "UDP" }] } }, o);
new k8s.core.v1.Service("headless", { metadata: m("headless"), spec: { clusterIP: "None", selector: labels, ports: [{ port: 80 }] } }, o);
new k8s.apps.v1.Deployment("web", { metadata: m("web"), spec: { replicas: 0, minReadySeconds: 3, selector, strategy: { rollingUpdate: { maxUnavailable: 1 } },
  template: { metadata: { labels }, spec: { ...spec, containers: [{ ...container, env: [{ name: "LEVEL", value: "${value}" }] }] } } } }, o);
new k8s.apps.v1.StatefulSet("stateful", { metadata: m("stateful"), spec: { replicas: 0, serviceName: "headless", selector, template,
  volumeClaimTemplates: [{ metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1024Mi" } } } }] } }, o);
new k8s.apps.v1.DaemonSet("daemon", { metadata: m("daemon"), spec: { selector, template } }, o);
new k8s.batch.v1.Job("job", { metadata: m("job"), spec: { suspend: true, template: { spec: { ...spec, restartPolicy: "Never" } } } }, o);
new k8s.batch.v1.CronJob("cron", { metadata: m("cron"), spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: { spec: { ...spec, restartPolicy: "OnFailure" } } } } } }, o);
new k8s.networking.v1.NetworkPolicy("policy", { metadata: m("web"), spec: { podSelector: selector, policyTypes: ["Ingress", "Egress"], ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 8080 }] }], egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }] } }, o);
new k8s.networking.v1.Ingress("ingress", { metadata: m("web"), spec: { tls: [{ hosts: ["web.example.org"], secretName: "tls" }], rules: [{ host: "web.example.org", http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { name: "http" } } } }] } }] } }, o);
new k8s.networking.v1.IngressClass("ingress-class", { metadata: { name: "kinds" }, spec: { controller: "example.org/ingress" } }, o);
new k8s.autoscaling.v2.HorizontalPodAutoscaler("scaling", { metadata: m("web"), spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "elsewhere" }, minReplicas: 2, maxReplicas: 10,
  metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } }, { type: "Pods", pods: { metric: { name: "queue" }, target: { type: "AverageValue", averageValue: "1500m" } } }],
  behavior: { scaleDown: { stabilizationWindowSeconds: 300 } } } }, o);
new k8s.policy.v1.PodDisruptionBudget("budget", { metadata: m("web"), spec: { selector, maxUnavailable: 1 } }, o);
new k8s.core.v1.PersistentVolumeClaim("claim", { metadata: m("claim"), spec: { accessModes: ["ReadWriteOnce"], storageClassName: "kinds", resources: { requests: { storage: "10240Mi" } } } }, o);
new k8s.core.v1.PersistentVolume("volume", { metadata: { name: "kinds" }, spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/nowhere" }, storageClassName: "kinds-manual" } }, o);
new k8s.storage.v1.StorageClass("class", { metadata: { name: "kinds" }, provisioner: "example.org/disk", volumeBindingMode: "WaitForFirstConsumer" }, o);
new k8s.scheduling.v1.PriorityClass("priority", { metadata: { name: "kinds" }, value: 1000 }, o);
new k8s.core.v1.ResourceQuota("quota", { metadata: m("quota"), spec: { hard: { "limits.cpu": "8000m", pods: "20" } } }, o);
new k8s.core.v1.LimitRange("limits", { metadata: m("limits"), spec: { limits: [{ type: "Container", default: { cpu: "0.5" }, defaultRequest: { cpu: "100m" } }] } }, o);
new k8s.coordination.v1.Lease("lease", { metadata: m("lease"), spec: { leaseDurationSeconds: 15 } }, o);
new k8s.admissionregistration.v1.ValidatingWebhookConfiguration("webhook", { metadata: { name: "kinds" }, webhooks: [{ name: "a.kinds.example.org", admissionReviewVersions: ["v1"], sideEffects: "None",
  clientConfig: { service: { name: "web", namespace: "kinds" } }, failurePolicy: "Ignore", rules: [{ apiGroups: ["kinds.example.org"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["nothing"] }] }] }, o);
const crd = new k8s.apiextensions.v1.CustomResourceDefinition("definition", { metadata: { name: "clocks.kinds.example.org" }, spec: { group: "kinds.example.org", scope: "Namespaced", names: { kind: "Clock", plural: "clocks" },
  versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", x_kubernetes_preserve_unknown_fields: true, properties: { zone: { type: "string", default: "UTC" } } } } } } }] } }, o);
new k8s.apiextensions.CustomResource("clock", { apiVersion: "kinds.example.org/v1", kind: "Clock", metadata: m("clock"), spec: { face: { hands: 2 } } }, { ...o, dependsOn: [ns, crd] });
`;
