// Kubernetes components: the queues of a workload behind one front, which lets each service do with each queue what the specification says (CP-3, CP-11, CP-12).
// Data layout: the claim `data-queue-0` holds `messages.mv.db`, what was sent and not yet deleted. One pod: while it is
// replaced, clients try again.
import { createHash } from "node:crypto";
import { certificateMount, certificatePlan, certificateVolume } from "./certificates";
import { type ClusterHome, helperImage } from "./cluster-home";
import { claimTemplate, helperObjects, memoryVolume, wayOf } from "./helper";
import { serviceHost } from "./names";
import { labelsOf } from "./object";
import { gateAccount } from "./object-store";
import type { PodParts, WorkloadPart } from "./pod-parts";
import { allowedMap, frontConfig, frontHealthPort, queueConfig, queuePort, queueUrl } from "./queue-config";

export const queueName = "queue";
/** Users of the two images. */
const [queueUser, frontUser] = [1001, 99];
const frontDirectory = "/usr/local/etc/haproxy";

export function queuesPart(home: ClusterHome): WorkloadPart {
  const { workload, namespace, storageClasses } = home;
  const { queues } = workload.state;
  if (Object.keys(queues).length === 0) return {};
  const data = {
    "elasticmq.conf": queueConfig(serviceHost(queueName, namespace), queues),
    "haproxy.cfg": frontConfig,
    "allowed.map": allowedMap(workload, gateAccount),
  };
  const metadata = { name: "queue-settings", namespace, labels: labelsOf(workload.name, queueName) };
  const well = { httpGet: { path: "/healthz", port: frontHealthPort }, timeoutSeconds: 3 };
  return {
    partsFor: serviceName => queueParts(home, serviceName),
    objects: [
      { apiVersion: "v1", kind: "ConfigMap", metadata, data },
      ...helperObjects(home, {
        name: queueName,
        user: queueUser,
        claims: [
          claimTemplate("data", labelsOf(workload.name, queueName), {
            storageClass: storageClasses.replica,
            sizeGiB: 5,
          }),
        ],
        ports: { sqs: queuePort },
        ingress: clientsOf(home).map(name => wayOf(home, name, queuePort)),
        podAnnotations: {
          "palisade.dev/settings": createHash("sha256").update(JSON.stringify(data)).digest("hex"),
        },
        volumes: [
          certificateVolume(queueName),
          memoryVolume("tmp", 64),
          {
            name: "queue",
            configMap: { name: metadata.name, items: [{ key: "elasticmq.conf", path: "elasticmq.conf" }] },
          },
          {
            name: "front",
            configMap: {
              name: metadata.name,
              items: ["haproxy.cfg", "allowed.map"].map(key => ({ key, path: key })),
            },
          },
        ],
        containers: [
          {
            name: queueName,
            image: helperImage(home, "queue"),
            bounds: { cpuMillicores: 100, memoryMiB: 576 },
            mounts: [
              { name: "data", mountPath: "/data" },
              { name: "tmp", mountPath: "/tmp" },
              {
                name: "queue",
                mountPath: "/opt/elasticmq.conf",
                subPath: "elasticmq.conf",
                readOnly: true,
              },
            ],
            // Through the front, which asks it every two seconds: it is on the loopback interface.
            more: {
              startupProbe: { ...well, periodSeconds: 5, failureThreshold: 36 },
              readinessProbe: { ...well, periodSeconds: 5 },
              livenessProbe: { ...well, periodSeconds: 15, failureThreshold: 4 },
            },
          },
          {
            name: "front",
            image: helperImage(home, "tls-front"),
            user: frontUser,
            ports: [{ name: "sqs", number: queuePort }],
            bounds: { cpuMillicores: 50, memoryMiB: 128 },
            mounts: [certificateMount, { name: "front", mountPath: frontDirectory, readOnly: true }],
            // It lives while it listens: what is wrong behind it is not mended by starting the front again.
            more: {
              readinessProbe: { ...well, periodSeconds: 5 },
              livenessProbe: {
                tcpSocket: { port: frontHealthPort },
                timeoutSeconds: 3,
                periodSeconds: 15,
                failureThreshold: 3,
              },
            },
          },
        ],
      }),
    ],
    secrets: [certificatePlan({ workload: workload.name, part: queueName, namespace, usages: ["server"] })],
  };
}

/** Addresses of exactly its queues, as `QUEUE_<NAME>_URL`, and the way to the front. */
function queueParts(home: ClusterHome, serviceName: string): PodParts {
  const host = serviceHost(queueName, home.namespace);
  const own = Object.entries(home.workload.state.queues).filter(
    ([, { producers, consumers }]) => producers.includes(serviceName) || consumers.includes(serviceName),
  );
  if (own.length === 0) return {};
  return {
    environment: {
      AWS_ENDPOINT_URL_SQS: `https://${host}:${queuePort}`,
      ...Object.fromEntries(
        own.map(([name]) => [`QUEUE_${name.toUpperCase().replaceAll("-", "_")}_URL`, queueUrl(host, name)]),
      ),
    },
    egress: [wayOf(home, queueName, queuePort)],
  };
}

function clientsOf({ workload }: ClusterHome): string[] {
  const all = Object.values(workload.state.queues).flatMap(({ producers, consumers }) => [...producers, ...consumers]);
  return [...new Set([...all, ...(workload.approvals.length > 0 ? [gateAccount] : [])])];
}
