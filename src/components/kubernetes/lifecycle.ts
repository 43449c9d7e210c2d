// Kubernetes components: how a pod ends without dropping a request (RT-4, SA-10). Pure.
import type { Service } from "../../workload/workload";

/** Seconds that the news of a pod's end takes to reach every proxy; until then it is still sent requests. */
const drainSeconds = 5;

/** Nobody is sent to a service without exposure: it hears SIGTERM at once. */
function preStopSeconds({ network, ports }: Pick<Service, "network" | "ports">): number {
  return network.exposure === "none" || ports.length === 0 ? 0 : drainSeconds;
}

/** The kubelet sleeps, not the container: no shell is needed. */
export function lifecycleHooks(service: Pick<Service, "network" | "ports">) {
  const seconds = preStopSeconds(service);
  return seconds > 0 ? { lifecycle: { preStop: { sleep: { seconds } } } } : {};
}

/** Kubernetes counts the sleep too, so that the process has its own time whole. */
export function gracePeriodSeconds(service: Pick<Service, "network" | "ports" | "lifecycle">): number {
  return preStopSeconds(service) + service.lifecycle.stopTimeoutSeconds;
}
