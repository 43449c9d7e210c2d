// Kubernetes components: the approval gate of a workload: the one part that may send to a queue an approval releases to, and those who may tell it to (CP-11).
import { admissionPolicy } from "./admission-policy";
import { certificateMount, certificatePlan, certificateVolume, tlsPaths } from "./certificates";
import { type ClusterHome, helperImage } from "./cluster-home";
import { helperObjects, wayOf } from "./helper";
import { bucketName, serviceHost } from "./names";
import { type KubernetesObject, labelsOf } from "./object";
import { gateAccount, objectStoreParts } from "./object-store";
import type { WorkloadPart } from "./pod-parts";
import { queuePort, queueUrl } from "./queue-config";
import { queueName } from "./queues";

const gateName = gateAccount;
const gatePort = 8443;
/** Of a StatefulSet, so that a right can be held to its name. */
const gatePod = `${gateName}-0`;
const rbac = "rbac.authorization.k8s.io";

/**
 * Approvers call the gate with a token of the cluster by `kubectl port-forward approval-gate-0 8443`, which needs no way in: no pod has one.
 * @throws Error if there are approvals and nobody who approves.
 */
export function approvalsPart(home: ClusterHome): WorkloadPart {
  const { workload, namespace, approvers } = home;
  if (workload.approvals.length === 0) return {};
  if (approvers.users.length + approvers.groups.length === 0)
    throw new Error(
      `\`approvers\` has no user and no group; approvals of workload \`${workload.name}\` take at least one (CP-11)`,
    );
  const store = objectStoreParts(home, gateName);
  const well = { tcpSocket: { port: gatePort }, timeoutSeconds: 3 };
  return {
    objects: [
      ...ledgerGuard(home),
      ...approverRights(home),
      delegation(home),
      ...helperObjects(home, {
        name: gateName,
        user: 65_532,
        // Its ledger is ConfigMaps, which nobody may rewrite: who holds such a right is held to names by the guard above.
        rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["create", "get", "list", "update"] }],
        apiServer: home.apiServer,
        claims: [],
        ports: { https: gatePort },
        egress: [...(store.egress ?? []), wayOf(home, queueName, queuePort)],
        volumes: [certificateVolume(gateName)],
        containers: [
          {
            name: gateName,
            image: helperImage(home, "approval-gate"),
            environment: {
              ...store.environment,
              AWS_REGION: home.region ?? "us-east-1",
              AWS_ENDPOINT_URL_SQS: `https://${serviceHost(queueName, namespace)}:${queuePort}`,
              GATE_APPROVALS: JSON.stringify(
                workload.approvals.map(({ name, of, releasesTo }) => ({
                  name,
                  bucket: bucketName(home, of.bucket),
                  prefix: of.prefix,
                  queueUrl: queueUrl(serviceHost(queueName, namespace), releasesTo),
                })),
              ),
              GATE_NAMESPACE: namespace,
              GATE_CERT: tlsPaths.certificate,
              GATE_KEY: tlsPaths.key,
              GATE_QUEUE_CERT: tlsPaths.certificate,
              GATE_QUEUE_KEY: tlsPaths.key,
              GATE_QUEUE_CA: tlsPaths.authority,
              PALISADE_ENV: home.environment,
              PALISADE_WORKLOAD: workload.name,
              PALISADE_SERVICE: gateName,
              BUILD_SHA: home.buildSha,
            },
            secretEnvironment: store.secretEnvironment,
            ports: [{ name: "https", number: gatePort }],
            bounds: { cpuMillicores: 50, memoryMiB: 128 },
            mounts: [certificateMount],
            more: {
              readinessProbe: { ...well, periodSeconds: 5 },
              livenessProbe: { ...well, periodSeconds: 15, failureThreshold: 3 },
            },
          },
        ],
      }),
    ],
    secrets: [certificatePlan({ workload: workload.name, part: gateName, namespace })],
  };
}

/** What an approver may do: look at one approval, and decide. There is no such kind of object: the gate asks for the right alone. */
function approverRights({ workload, namespace, approvers }: ClusterHome): KubernetesObject[] {
  const metadata = { name: "approvers", namespace, labels: labelsOf(workload.name, gateName) };
  const subject = (kind: "User" | "Group") => (name: string) => ({ apiGroup: rbac, kind, name });
  return [
    {
      apiVersion: `${rbac}/v1`,
      kind: "Role",
      metadata,
      rules: [
        {
          apiGroups: ["approvals.palisade.dev"],
          resources: ["approvals"],
          resourceNames: workload.approvals.map(({ name }) => name),
          verbs: ["get", "create"],
        },
        // The way to the gate: this one pod, since a forwarded port is a way past every policy.
        { apiGroups: [""], resources: ["pods"], resourceNames: [gatePod], verbs: ["get"] },
        { apiGroups: [""], resources: ["pods/portforward"], resourceNames: [gatePod], verbs: ["create"] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "Role", name: metadata.name },
      subjects: [...approvers.users.map(subject("User")), ...approvers.groups.map(subject("Group"))],
    },
  ];
}

/**
 * The one object of a workload that gives a right beyond its namespace: to ask whose token this is, and what they may do.
 * Where an installer may not make it, the cluster's administrator does, once.
 */
function delegation({ workload, namespace }: ClusterHome): KubernetesObject {
  return {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: `${namespace}-${gateName}`, labels: labelsOf(workload.name, gateName) },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "system:auth-delegator" },
    subjects: [{ kind: "ServiceAccount", name: gateName, namespace }],
  };
}

/**
 * RBAC cannot hold the right to create to names, and the namespace has other ConfigMaps: with those of the queue's front,
 * say, the gate could let others send. The API server itself refuses it any name but a decision's.
 */
function ledgerGuard({ workload, namespace }: ClusterHome): KubernetesObject[] {
  const account = `system:serviceaccount:${namespace}:${gateName}`;
  return admissionPolicy({
    name: `${namespace}-${gateName}`,
    labels: labelsOf(workload.name, gateName),
    namespace,
    rule: { resources: ["configmaps"], operations: ["CREATE", "UPDATE", "DELETE"] },
    matchConditions: [{ name: "the-gate", expression: `request.userInfo.username == ${JSON.stringify(account)}` }],
    validations: [
      {
        expression: `request.name.startsWith("approval-")`,
        message: "the approval gate writes decisions, and no other ConfigMap (CP-11)",
      },
    ],
  });
}
