// Kubernetes plugin: the connection that the provider's settings lead to; errors name those settings.
import { type Connection, connection, type Target } from "../../src/kubernetes/kubeconfig";

/** @throws Error naming what of the settings is wrong */
export function connectionOf(settings: Target): Connection {
  return connection(settings, {
    given: "the kubeconfig given to the provider",
    chooseContext: "set `context` of the provider",
  });
}
