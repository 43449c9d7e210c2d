// Kubernetes components: the provider of one cluster. Its settings are the same for the official plugin and the local one (PF-1).
import { createRequire } from "node:module";
import type { Provider } from "@pulumi/kubernetes/provider";
import type * as pulumi from "@pulumi/pulumi";

export interface ClusterProviderArgs {
  /** Path of a kubeconfig, or its text where the cluster is made by the same stack. */
  kubeconfig: pulumi.Input<string>;
  /** Context of it; its current one unless given. */
  context?: string;
}

/** Loads the SDK's class only now: a stack on AWS without EKS has no use for it. */
export function clusterProvider(
  name: string,
  { kubeconfig, context }: ClusterProviderArgs,
  options?: pulumi.ResourceOptions,
): Provider {
  const sdk = createRequire(__filename)("@pulumi/kubernetes/provider") as { Provider: typeof Provider };
  return new sdk.Provider(
    name,
    // A field that two write is a conflict, unless an object says that it is the platform's.
    { kubeconfig, context, enableServerSideApply: true },
    options,
  );
}
