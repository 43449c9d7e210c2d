// Workload model: the hosts outside its home that a service may call, as one stack runs it (RT-27, SP-13). Pure.
import { hostName } from "./names";
import type { Service } from "./workload";

export interface Egress {
  /** Any host: dev only. */
  open: boolean;
  /** Host names, each once, in alphabetical order; all are called on 443. */
  hosts: string[];
}

/**
 * Hosts of a specification with its stack's overrides in place: those it names, and those of the URLs in its variables.
 * @throws Error naming the variable, if it holds no URL of such a host.
 */
export function egressOf({ network, environment }: Pick<Service, "network" | "environment">): Egress {
  const hosts = new Set<string>();
  for (const entry of network.egress) {
    if (entry === "*") continue;
    if (typeof entry === "string") hosts.add(entry);
    else hosts.add(hostIn(entry.variable, environment[entry.variable]));
  }
  return { open: network.egress.includes("*"), hosts: [...hosts].sort() };
}

/** What all these services together may call. */
export function union(all: readonly Egress[]): Egress {
  return { open: all.some(({ open }) => open), hosts: [...new Set(all.flatMap(({ hosts }) => hosts))].sort() };
}

/** What a variable must hold whose host is called. */
export const callableUrl = "an https URL of a host name on port 443, such as `https://api.example.com/v1`";

/** Host of such a URL; undefined for anything else. Addresses are no names: an allow list of names could not hold them. */
export function callableHost(value: unknown): string | undefined {
  if (typeof value !== "string" || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  // The standard port is left out of a parsed URL.
  const callable = url.protocol === "https:" && url.port === "" && url.username === "" && url.password === "";
  return callable && hostName.safeParse(url.hostname).success ? url.hostname : undefined;
}

function hostIn(variable: string, value: unknown): string {
  const host = callableHost(value);
  if (!host) throw new Error(`variable \`${variable}\` is ${JSON.stringify(value)}; allowed is ${callableUrl}`);
  return host;
}
