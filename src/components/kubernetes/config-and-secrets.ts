// Kubernetes components: secrets of a workload as plans and references, and what makes pods new when configuration changes (SA-8, PF-7, RT-17).
import { createHash } from "node:crypto";
import type { ClusterHome } from "./cluster-home";
import { engine, isOutput } from "./engine";
import { at, listAt } from "./fields";
import { variableSecret, variableSecretKey } from "./names";
import { type KubernetesObject, labelsOf, type Value } from "./object";
import type { PodVolume, WorkloadPart } from "./pod-parts";
import type { SecretPlan } from "./secret-plan";

/** Annotation of a ConfigMap that processes read again by themselves: a change of it replaces no pod. */
export const readLive = "palisade.dev/read-live";

/** Annotation of a pod: checksum of the configuration it mounts. */
const configChecksum = "palisade.dev/config-sha256";

/** Each secret of the specification as a Secret of its own, which its readers and nobody else refer to. */
export function secretsPart({ workload, namespace }: Pick<ClusterHome, "workload" | "namespace">): WorkloadPart {
  const all = Object.entries(workload.secrets);
  return {
    partsFor: serviceName => ({
      secretEnvironment: Object.fromEntries(
        all
          .filter(([, { readers }]) => readers.includes(serviceName))
          .map(([variable]) => [variable, { secret: variableSecret(variable), key: variableSecretKey }]),
      ),
    }),
    secrets: all.map(
      ([variable, { source, length, description }]): SecretPlan => ({
        name: variableSecret(variable),
        namespace,
        labels: labelsOf(workload.name, "secrets"),
        keys: {
          [variableSecretKey]:
            source === "generated" ? { kind: "generated", length } : { kind: "supplied", variable, description },
        },
      }),
    ),
  };
}

/** Checksum of the ConfigMaps among these volumes, but for those that are read live; empty without any. */
export function configAnnotations(
  objects: readonly KubernetesObject[],
  volumes: readonly PodVolume[],
): Record<string, Value> {
  const names = volumes.flatMap(configMapsOf);
  const data = objects
    .filter(({ kind, metadata }) => kind === "ConfigMap" && names.includes(metadata.name))
    .filter(({ metadata }) => metadata.annotations?.[readLive] === undefined)
    .map(({ metadata, data }) => [metadata.name, data]);
  if (data.length === 0) return {};
  return { [configChecksum]: holdsOutput(data) ? engine().output(data).apply(checksum) : checksum(data) };
}

function configMapsOf(volume: PodVolume): string[] {
  return [volume, ...listAt(volume, "projected", "sources")].flatMap(source => {
    const name = at(source, "configMap", "name");
    return typeof name === "string" ? [name] : [];
  });
}

function checksum(data: unknown): string {
  return createHash("sha256").update(JSON.stringify(data)).digest("hex");
}

function holdsOutput(value: unknown): boolean {
  if (isOutput(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsOutput);
}
