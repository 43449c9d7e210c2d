// Kubernetes components: all objects of one workload, from its specification and its home. Pure: the table of contents (PF-1, PF-9).
import { approvalsPart } from "./approvals";
import type { ClusterHome } from "./cluster-home";
import { secretsPart } from "./config-and-secrets";
import { databasesPart } from "./databases";
import { egressPart } from "./egress-proxy";
import { resolveEnvironment } from "./environment";
import { unbuiltText } from "./kubernetes-not-built-yet";
import { leasePart } from "./lease";
import { logShipperPart } from "./log-shipper";
import { monitorsPart } from "./monitors";
import { boundObjects, namespaceObject } from "./namespace";
import { defaultDeny } from "./network-policies";
import type { KubernetesObject } from "./object";
import { objectStorePart } from "./object-store";
import { inOrder, requireOnce } from "./order";
import type { WorkloadPart } from "./pod-parts";
import { queuesPart } from "./queues";
import type { SecretPlan } from "./secret-plan";
import { objectsOfService } from "./service-objects";
import { telemetryPart } from "./telemetry";
import { tenantsPart } from "./tenants";
import { vaultsPart } from "./vaults";
import { volumesPart } from "./volumes";
import { guardPart } from "./workload-guard";

export interface WorkloadObjects {
  /** In the order they are to be applied; Secrets are not among them. */
  objects: KubernetesObject[];
  secrets: SecretPlan[];
}

/**
 * @param further Concerns of a home of its own, beside those that every cluster has: a cloud's, say.
 * @throws Error naming every part of the specification that Kubernetes does not make; if an image has no digest, a variable asks for what the stack does not have, or two parts make the same.
 */
export function workloadObjects(home: ClusterHome, further: readonly WorkloadPart[] = []): WorkloadObjects {
  const unbuilt = unbuiltText([home]);
  if (unbuilt) throw new Error(unbuilt);
  const { workload, namespace } = home;
  const parts: WorkloadPart[] = [
    volumesPart(home),
    secretsPart(home),
    vaultsPart(home),
    egressPart(home),
    leasePart(home),
    tenantsPart(home),
    databasesPart(home),
    objectStorePart(home),
    queuesPart(home),
    approvalsPart(home),
    logShipperPart(home),
    telemetryPart(home),
    guardPart(home),
    monitorsPart(home),
    ...further,
  ];
  const added = parts.flatMap(part => part.objects ?? []);
  const services = Object.entries(workload.services).map(([name, service]) =>
    objectsOfService(home, {
      name,
      service,
      image: imageOf(home, name),
      parts: [
        { environment: resolveEnvironment(home, name, service) },
        ...parts.map(part => part.partsFor?.(name) ?? {}),
      ],
      configMaps: added,
    }),
  );
  const objects = [defaultDeny(workload.name, namespace), ...added, ...services.flatMap(service => service.objects)];
  const secrets = [...parts.flatMap(part => part.secrets ?? []), ...services.flatMap(service => service.secrets)];
  requireOnce(objects, secrets);
  return { objects: inOrder([namespaceObject(home), ...boundObjects(home, objects), ...objects]), secrets };
}

function imageOf({ images }: ClusterHome, name: string): string {
  const image = images[name];
  if (!image) throw new Error(`\`images\` has no digest for service \`${name}\` (RT-1)`);
  return image;
}
