// AWS components: which databases a service may connect to, as statements of its own identity (SA-13).
import type { PolicyStatement } from "@pulumi/aws/iam";
import type * as pulumi from "@pulumi/pulumi";
import { storeKinds } from "../../workload/hops";
import type { Workload } from "../../workload/workload";
import { databaseConnect } from "./statements";
import type { WorkloadDatabases } from "./workload-databases";

/** Permission to connect to each store that has the service among its clients, as the database user of its name. */
export function databaseConnections(
  serviceName: string,
  { state }: Pick<Workload, "state">,
  databases: WorkloadDatabases,
  { region, accountId }: { region: string; accountId: pulumi.Input<string> },
): PolicyStatement[] {
  return storeKinds.flatMap(kind => {
    const database = databases[kind];
    if (!database || !state[kind]?.clients.includes(serviceName)) return [];
    return [databaseConnect(region, accountId, database.resourceId, serviceName)];
  });
}
