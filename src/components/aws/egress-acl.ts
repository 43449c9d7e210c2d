// AWS components: what the egress proxy is told, and what its client is told about it. Pure (RT-27, SP-13).
import type { Egress } from "../../workload/egress";

/** Port the proxy listens on. */
export const egressProxyPort = 4750;

/** The access list as the proxy reads it from `EGRESS_ACL`. An empty list that is enforced lets nothing out. */
export function egressAcl({ open, hosts }: Egress): string {
  return JSON.stringify({ action: open ? "open" : "enforce", hosts: hosts.map(host => `${host}:443`) });
}

/**
 * Variables by which HTTP clients find the proxy, in both spellings that are in use. What is inside goes past it: the
 * process itself, the task's credentials, the endpoints of AWS in the VPC, and the services it calls by name.
 */
export function proxyVariables<T>(proxyUrl: T, peers: readonly string[]): Record<string, T | string> {
  const inside = ["localhost", "127.0.0.1", "169.254.170.2", ".amazonaws.com", ...peers].join(",");
  return { HTTPS_PROXY: proxyUrl, https_proxy: proxyUrl, NO_PROXY: inside, no_proxy: inside };
}
