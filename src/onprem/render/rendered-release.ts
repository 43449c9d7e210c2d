// Release: everything that is applied where it is installed, from its inputs and the values of that place. Pure (PF-1, PF-3, RT-1).

import { Failure } from "../../../toolchain/failure";
import { applyOrder, inApplyOrder } from "../../components/kubernetes/apply-order";
import { platformNamespace } from "../../components/kubernetes/cluster-foundation-home";
import type { KubernetesObject } from "../../components/kubernetes/object";
import type { SecretPlan } from "../../components/kubernetes/secret-plan";
import { registryHost } from "../../config/fields";
import type { SealedOnpremConfig } from "../../config/onprem-schema";
import { collectorAuthority, databaseAuthorities } from "../../platform/given-authorities";
import { NotBuilt, onpremContents } from "../../platform/onprem-contents";
import { type Endpoint, endpointsOf } from "./endpoints";
import { imagesOf, referencesIn } from "./images";
import { judged, type ReleaseInputs } from "./inputs";
import { merged } from "./merge";
import { noValues, requireNone, type Values } from "./values";
import { retentionFaults, variableFaults } from "./values-rules";

export interface Place {
  /** Default: none, which renders what the bundle itself holds. */
  values?: Values;
  /** Registry that all references lead to; default `cluster.registry` of the values, or else of the stack. */
  registry?: string;
}

export interface RenderedRelease {
  /** As the values leave it, checked. */
  config: SealedOnpremConfig;
  /** In the order they are to be applied; Secrets are not among them. */
  objects: KubernetesObject[];
  secrets: SecretPlan[];
  /** Values of supplied keys that the configuration itself holds, none of them secret: by namespace, then by variable. */
  given: Record<string, Record<string, string>>;
  /** Of all objects. */
  namespaces: string[];
  platformNamespace: string;
  /** What each object or Secret waits for; keys as `describe` makes them. */
  order: ReadonlyMap<string, readonly string[]>;
  /** Reference of each image by its repository. */
  images: ReadonlyMap<string, string>;
  endpoints: Endpoint[];
}

/** @throws Failure with every fault of the values, by the keys of their file; or naming a registry that is none. */
export function renderRelease(inputs: ReleaseInputs, { values = noValues, registry }: Place = {}): RenderedRelease {
  const config = at(registry, configOf(inputs, values));
  const { shared, workloads } = contentsOf(config, inputs, values);
  const all = [shared, ...workloads.map(({ contents }) => contents)];
  const secrets = all.flatMap(contents => contents.secrets);
  const objects = all.flatMap(contents => contents.objects);
  const order = applyOrder(objects, secrets);
  const platform = platformNamespace(config);
  return {
    config,
    objects: inApplyOrder(objects, order),
    secrets,
    given: Object.fromEntries([
      [platform, collectorAuthority(config.siem)],
      ...workloads.map(({ home }) => [home.namespace, databaseAuthorities(config.workloads[home.workload.name])]),
    ]),
    namespaces: objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name),
    platformNamespace: platform,
    order,
    images: referencesIn(config.cluster.registry, imagesOf(config, inputs.workloads)),
    endpoints: endpointsOf(workloads.map(({ home }) => home)),
  };
}

/** Values are merged over the stack's file, and the whole is held to all that a stack file is held to. */
function configOf(inputs: ReleaseInputs, { name, tree }: Values): SealedOnpremConfig {
  const whole = merged(inputs.config, tree);
  const stack = judged(inputs.config, inputs);
  const changed = judged(whole, inputs);
  requireNone(changed.faults ?? [], name);
  if (!stack.config || !changed.config) throw new Error(`the inputs of stack \`${inputs.stack}\` were never checked`);
  const faults = [
    ...variableFaults(inputs.config, whole, inputs.workloads),
    ...retentionFaults(stack.config, changed.config),
  ];
  requireNone(faults, name);
  return changed.config;
}

function at(registry: string | undefined, config: SealedOnpremConfig): SealedOnpremConfig {
  if (registry === undefined) return config;
  if (!registryHost.safeParse(registry).success)
    throw new Failure(
      "the registry is no host; allowed is a host, with its port if not 443 and a path if there is one",
      "Give it without a scheme, such as: --registry registry.example.com:5000",
    );
  return { ...config, cluster: { ...config.cluster, registry } };
}

function contentsOf(config: SealedOnpremConfig, { workloads }: ReleaseInputs, { name }: Values) {
  try {
    return onpremContents(config, workloads);
  } catch (error) {
    if (!(error instanceof NotBuilt)) throw error;
    throw new Failure(`Nothing was changed: ${error.message}`, `Mend ${name}, then type the same command again.`);
  }
}
