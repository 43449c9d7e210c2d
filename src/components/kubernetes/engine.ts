// Kubernetes components: the engine's SDK, loaded only where a value is an output of it: whoever renders objects elsewhere has none.
import { createRequire } from "node:module";
import type * as pulumi from "@pulumi/pulumi";

/** Whether a value is known to the engine alone, and later. Told by the SDK's own mark, so that nothing of it is loaded to ask. */
export function isOutput(value: unknown): value is pulumi.Output<unknown> {
  return typeof value === "object" && value !== null && "__pulumiOutput" in value;
}

/** Call it only for a value that is an output, or a promise of one. */
export function engine(): typeof pulumi {
  return createRequire(__filename)("@pulumi/pulumi") as typeof pulumi;
}
