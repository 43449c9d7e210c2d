// Kubernetes components: how the kubelet asks a container whether it is well (RT-2, IS-2, SA-12). Pure.
import type { Service } from "../../workload/workload";

/** Seconds between two questions while it starts. */
const startupPeriod = 5;

/**
 * The kubelet asks from the pod's own node, so that plain `http` crosses no network (SA-6); it checks no certificate. A
 * command asks in its place where a port speaks neither.
 * @param command Ends in zero if all is well.
 */
export function probes({ health, ports }: Pick<Service, "health" | "ports">, command?: readonly string[]) {
  if (!health) return {};
  const scheme = ports.find(port => port.name === health.port)?.protocol === "http" ? "HTTP" : "HTTPS";
  const ask = command
    ? { exec: { command: [...command] } }
    : { httpGet: { path: health.path, port: health.port, scheme } };
  const { intervalSeconds: periodSeconds, timeoutSeconds, unhealthyAfter, healthyAfter, graceSeconds } = health;
  return {
    // Until it has answered once, neither of the others is asked.
    startupProbe: {
      ...ask,
      periodSeconds: startupPeriod,
      timeoutSeconds,
      failureThreshold: Math.max(Math.ceil(graceSeconds / startupPeriod), unhealthyAfter),
    },
    readinessProbe: {
      ...ask,
      periodSeconds,
      timeoutSeconds,
      successThreshold: healthyAfter,
      failureThreshold: unhealthyAfter,
    },
    livenessProbe: { ...ask, periodSeconds, timeoutSeconds, failureThreshold: unhealthyAfter },
  };
}
