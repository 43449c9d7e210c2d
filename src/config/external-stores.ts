// Config: databases of the customer's own, in place of bundled ones (SA-4, SA-5).
import { storeKinds } from "../workload/hops";
import type { Workload } from "../workload/workload";
import type { Facts } from "./rule";

/**
 * Secrets of a workload that its external databases ask for and no specification knows: the password of the client, or of
 * each of several (SA-8).
 */
export function externalStoreSecrets({ workloads }: Facts["onprem"], { name, state }: Workload): string[] {
  return storeKinds
    .filter(store => workloads?.[name]?.[store]?.external)
    .flatMap(store => {
      const variable = store.toUpperCase();
      const clients = state[store]?.clients ?? [];
      const suffix = (client: string) => (clients.length > 1 ? `_${client.toUpperCase().replaceAll("-", "_")}` : "");
      return clients.map(client => `${variable}_PASSWORD${suffix(client)}`);
    });
}
