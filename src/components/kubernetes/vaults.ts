// Kubernetes components: volumes that no service writes. Only the pods of a named loader may mount them for writing (IS-9). Pure.
import type { Workload } from "../../workload/workload";
import { admissionPolicy } from "./admission-policy";
import type { ClusterHome } from "./cluster-home";
import { objectName } from "./names";
import { type KubernetesObject, labelsOf } from "./object";
import type { WorkloadPart } from "./pod-parts";

/**
 * Account that the pods of a vault's loader run under. It may do nothing at the API server; whoever may start pods under
 * it decides who fills the vault.
 */
function loaderAccount(volume: string): string {
  return objectName(`loader-of-${volume}`);
}

/** A loader's account for each vault, and a policy of the API server that refuses every other pod which would write. */
export function vaultsPart({ workload, namespace }: Pick<ClusterHome, "workload" | "namespace">): WorkloadPart {
  const vaults = vaultsOf(workload);
  if (vaults.length === 0) return {};
  const policy = admissionPolicy({
    name: objectName(`${namespace}-vaults`),
    labels: labelsOf(workload.name, "vaults"),
    namespace,
    rule: { operations: ["CREATE"], resources: ["pods"] },
    validations: vaults.map(volume => ({
      expression: readsOnly(volume),
      message: `volume ${volume} is mounted read-only, but by pods of account ${loaderAccount(volume)}`,
      reason: "Forbidden",
    })),
  });
  return { objects: [...accounts(workload.name, namespace, vaults), ...policy] };
}

function vaultsOf({ state }: Pick<Workload, "state">): string[] {
  return Object.entries(state.volumes)
    .filter(([, { sharing, mounts }]) => sharing === "replicas" && mounts.every(({ readOnly }) => readOnly))
    .map(([name]) => name);
}

function accounts(workload: string, namespace: string, vaults: readonly string[]): KubernetesObject[] {
  return vaults.map(volume => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: loaderAccount(volume), namespace, labels: labelsOf(workload, loaderAccount(volume)) },
    automountServiceAccountToken: false,
  }));
}

/** In CEL: no volume of the pod is this claim, unless it is taken read-only or the loader takes it. */
function readsOnly(volume: string): string {
  const claim = "v.persistentVolumeClaim";
  return [
    `(has(object.spec.serviceAccountName) && object.spec.serviceAccountName == '${loaderAccount(volume)}')`,
    "!has(object.spec.volumes)",
    `object.spec.volumes.all(v, !has(${claim}) || ${claim}.claimName != '${objectName(volume)}' || (has(${claim}.readOnly) && ${claim}.readOnly))`,
  ].join(" || ");
}
