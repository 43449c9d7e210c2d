// Kubernetes components: objects as manifests in a directory, for a bundle: no cluster, no Secrets, no random values (PF-3, PF-7).
import { createRequire } from "node:module";
import type { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject } from "./object";
import { registerObject } from "./registered-object";

/** The provider that writes manifests. `directory` is seen from the project, so that the state says nothing of a machine. */
export function manifestProvider(name: string, directory: string): Provider {
  const sdk = createRequire(__filename)("@pulumi/kubernetes/provider") as { Provider: typeof Provider };
  // An empty kubeconfig in place of none, for which the SDK would take that of the environment, and be refused.
  return new sdk.Provider(name, { renderYamlToDirectory: directory, kubeconfig: "", enableServerSideApply: true });
}

/** Each object is a file, as it is: what waits for what is the concern of whoever applies them. */
export class RenderedObjects extends pulumi.ComponentResource {
  constructor(name: string, objects: readonly KubernetesObject[], options?: pulumi.ComponentResourceOptions) {
    super("palisade:kubernetes:RenderedObjects", name, {}, options);
    for (const object of objects) registerObject(name, object, { parent: this });
    this.registerOutputs({});
  }
}
