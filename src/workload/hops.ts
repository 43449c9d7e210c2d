// Workload model: every hop over the network that a specification allows, and no other (SA-9, SA-13). Pure.
import type { Workload } from "./workload";

export type StoreKind = "postgres" | "vectors";
export const storeKinds = ["postgres", "vectors"] as const satisfies readonly StoreKind[];

export type Hop =
  | { kind: "edge-to-service"; to: string }
  | { kind: "service-to-service"; from: string; to: string }
  | { kind: "service-to-store"; from: string; to: StoreKind };

/** Hops in the order of the services they lead to or come from. */
export function hopsOf({ services, state }: Workload): Hop[] {
  return [
    ...Object.entries(services).flatMap(([to, { network }]): Hop[] => [
      ...(network.exposure === "public" ? [{ kind: "edge-to-service" as const, to }] : []),
      ...network.callers.map(from => ({ kind: "service-to-service" as const, from, to })),
    ]),
    ...storeKinds.flatMap(to =>
      (state[to]?.clients ?? []).map((from): Hop => ({ kind: "service-to-store", from, to })),
    ),
  ];
}
