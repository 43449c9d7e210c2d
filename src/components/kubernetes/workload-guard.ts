// Kubernetes components: the guard of a workload: it stops services that have used up their restart budget, and climbs their capacity ladders (RT-5, RT-6, RT-7).
import type { Service } from "../../workload/workload";
import { capacityLadder, guardName, hasLadder } from "./capacity-ladder";
import { certificateMount, certificatePlan, certificateVolume, tlsPaths } from "./certificates";
import { type ClusterHome, helperImage } from "./cluster-home";
import { readLive } from "./config-and-secrets";
import { helperObjects, wayOf } from "./helper";
import { objectName, serviceHost } from "./names";
import { labelsOf } from "./object";
import type { PodParts, PolicyRule, WorkloadPart } from "./pod-parts";
import { seriesLabels } from "./shown-metrics";
import { collectorName } from "./telemetry";
import { isMeasured, metricsPort } from "./telemetry-config";

const ladderAnnotation = "palisade.dev/capacity-ladder";
const throttleDirectory = "/run/palisade/throttle";
const healthPort = 8080;
const well = { httpGet: { path: "/healthz", port: healthPort }, timeoutSeconds: 3 };
/** Key of a throttle's ConfigMap: JSON with the `percent` of its own rate that a service may take. */
const throttleKey = "percent";

/**
 * The throttle's ConfigMap comes without data: its `percent` belongs to the guard, and applying the object again takes
 * nothing of it away. Until the guard has written, there is no file, and a service takes all it can.
 */
export function guardPart(home: ClusterHome): WorkloadPart {
  const { workload, namespace } = home;
  const services = Object.entries(workload.services);
  const ladders = services.filter(([, service]) => hasLadder(service));
  const measured = ladders.some(([, service]) => isMeasured(service));
  return {
    partsFor: serviceName => {
      const service = workload.services[serviceName];
      return service && hasLadder(service) ? throttled(home, serviceName, service) : {};
    },
    objects: [
      ...ladders.map(([name]) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
          name: throttleMap(name),
          namespace,
          labels: labelsOf(workload.name, name),
          annotations: { [readLive]: "true" },
        },
      })),
      ...helperObjects(home, {
        name: guardName,
        user: 65_532,
        rules: guardRules(
          services.map(([name]) => name),
          ladders.map(([name]) => throttleMap(name)),
        ),
        apiServer: home.apiServer,
        egress: measured ? [wayOf(home, collectorName, metricsPort)] : [],
        volumes: [certificateVolume(guardName)],
        containers: [
          {
            name: guardName,
            image: helperImage(home, "workload-guard"),
            environment: {
              GUARD_NAMESPACE: namespace,
              ...(measured && {
                GUARD_METRICS_URL: `https://${serviceHost(collectorName, namespace)}:${metricsPort}/metrics`,
                // Go reads from here whom to trust; the API server has an authority of its own.
                SSL_CERT_FILE: tlsPaths.authority,
              }),
              PALISADE_ENV: home.environment,
              PALISADE_WORKLOAD: workload.name,
              PALISADE_SERVICE: guardName,
              BUILD_SHA: home.buildSha,
            },
            bounds: { cpuMillicores: 50, memoryMiB: 128 },
            mounts: [certificateMount],
            ports: [{ name: "health", number: healthPort }],
            more: {
              readinessProbe: { ...well, periodSeconds: 10 },
              livenessProbe: { ...well, periodSeconds: 15, failureThreshold: 4 },
            },
          },
        ],
      }),
    ],
    secrets: [certificatePlan({ workload: workload.name, part: guardName, namespace, usages: ["client"] })],
  };
}

function throttleMap(serviceName: string): string {
  return objectName(`${serviceName}-throttle`);
}

/** The directory, not the file: what is mounted file by file never changes. */
function throttled(home: ClusterHome, serviceName: string, service: Service): PodParts {
  return {
    environment: { THROTTLE_FILE: `${throttleDirectory}/${throttleKey}` },
    volumes: [{ name: "throttle", configMap: { name: throttleMap(serviceName), defaultMode: 0o444 } }],
    mounts: [{ name: "throttle", mountPath: throttleDirectory, readOnly: true }],
    annotations: {
      [ladderAnnotation]: JSON.stringify(
        capacityLadder(service, {
          container: serviceName,
          throttle: { configMap: throttleMap(serviceName), key: throttleKey },
          labels: seriesLabels(home, serviceName),
        }),
      ),
    },
  };
}

/**
 * Lists cannot be held to names; what it changes is. Replica sets and pods have names that nobody knows before: it empties
 * a release that fails, and lets pods grow in place.
 */
function guardRules(services: string[], throttles: string[]): PolicyRule[] {
  const reads = ["get", "list"];
  return [
    { apiGroups: ["apps"], resources: ["deployments", "statefulsets", "replicasets"], verbs: reads },
    { apiGroups: [""], resources: ["pods"], verbs: reads },
    {
      apiGroups: ["apps"],
      resources: ["deployments", "statefulsets"],
      resourceNames: services,
      verbs: ["update"],
    },
    { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["update"] },
    { apiGroups: [""], resources: ["events"], verbs: ["create"] },
    ...(throttles.length > 0
      ? [
          {
            apiGroups: [""],
            resources: ["configmaps"],
            resourceNames: throttles,
            verbs: ["get", "update"],
          },
          { apiGroups: [""], resources: ["pods/resize"], verbs: ["update"] },
          { apiGroups: ["metrics.k8s.io"], resources: ["pods"], verbs: ["get", "list"] },
        ]
      : []),
  ];
}
