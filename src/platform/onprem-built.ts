// Platform: what a stack on a cluster consists of, or the engine's own error, before anything is registered (PF-9).
import * as pulumi from "@pulumi/pulumi";
import type { OnpremStackConfig } from "../config/load";
import type { Workload } from "../workload/workload";
import { NotBuilt, type OnpremContents, onpremContents } from "./onprem-contents";

/** @throws RunError with every part of a specification that Kubernetes does not make. */
export function requireContents(config: OnpremStackConfig, catalog: ReadonlyMap<string, Workload>): OnpremContents {
  try {
    return onpremContents(config, catalog);
  } catch (error) {
    if (!(error instanceof NotBuilt)) throw error;
    const next =
      "Next: change the specification, or what the stack says of it or of its cluster, then: npx palisade config check";
    throw new pulumi.RunError(`Nothing was registered: ${error.message}\n${next}`);
  }
}
