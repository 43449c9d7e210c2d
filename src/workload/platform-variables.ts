// Workload model: variables that the home sets by itself, from what a specification asks for. Nobody else may set them. Pure.
import type { Service } from "./workload";

type Asking = Pick<Service, "network" | "scaling" | "resources">;

/** Names of the variables that a service is given besides those of its specification. */
export function platformVariables({ network, scaling, resources }: Asking): string[] {
  return [
    // The way out (RT-27).
    ...(network.egress.length > 0 ? ["HTTPS_PROXY", "NO_PROXY"] : []),
    // Whose turn it is (RT-30).
    ...(scaling.mode === "active-passive" ? ["LEASE_TABLE", "LEASE_KEY", "LEASE_SECONDS"] : []),
    // How much it may take (RT-7).
    ...(scaling.backPressure || resources.ceiling ? ["THROTTLE_PARAMETER"] : []),
  ];
}
