// Platform: a stack that is carried in as one file: its manifests in a directory, and nothing that only a cluster or its people have (PF-3, PF-7).
import * as pulumi from "@pulumi/pulumi";
import { platformNamespace } from "../components/kubernetes/cluster-foundation-home";
import { publicUrl } from "../components/kubernetes/ingress";
import { manifestProvider, RenderedObjects } from "../components/kubernetes/rendered-objects";
import type { OnpremStackConfig } from "../config/load";
import type { Workload } from "../workload/workload";
import { requireContents } from "./onprem-built";
import { renderedDirectory } from "./rendered-directory";

export interface RenderedOutputs {
  workloads: Record<string, { namespace: string; url?: string }>;
  /** Directory of the manifests, seen from the project. */
  manifests: string;
  /** Command to type next. */
  next: string;
}

/**
 * Registers every object as a file. No Secret, no authority, no random value: they are made where the bundle is installed.
 * @throws RunError before anything is registered, if a specification asks for what Kubernetes does not make.
 */
export function onpremRendered(config: OnpremStackConfig, catalog: ReadonlyMap<string, Workload>): RenderedOutputs {
  const stack = pulumi.getStack();
  const { shared, workloads } = requireContents(config, catalog);
  const manifests = renderedDirectory(stack);
  const provider = manifestProvider("manifests", manifests);
  new RenderedObjects(platformNamespace(config), shared.objects, { provider });
  for (const { home, contents } of workloads) new RenderedObjects(home.namespace, contents.objects, { provider });
  return {
    workloads: Object.fromEntries(
      workloads.map(({ home }) => [home.workload.name, { namespace: home.namespace, url: publicUrl(home) }]),
    ),
    manifests,
    next: `npx palisade bundle --stack ${stack} --from REGISTRY --key KEY --out FILE`,
  };
}
