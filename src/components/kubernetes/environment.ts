// Kubernetes components: the variables of a service, from what its specification asks for to what this cluster has (IS-1, SA-9).
import type { EnvironmentValue } from "../../workload/container";
import { fromStack, required, type StackValues } from "../../workload/stack-values";
import type { Service, Workload } from "../../workload/workload";
import type { ClusterHome } from "./cluster-home";
import { bucketName, serviceHost, storeAddress } from "./names";
import type { Value } from "./object";

/** Region that requests to the object store are signed for, where a stack names none: S3's protocol needs one. */
const anyRegion = "us-east-1";

/** @throws Error naming the variable, if the stack does not have what it asks for. */
export function resolveEnvironment(
  home: ClusterHome,
  serviceName: string,
  { environment }: Pick<Service, "environment">,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, resolve(home, serviceName, name, value)]),
  );
}

function resolve(home: ClusterHome, serviceName: string, name: string, value: EnvironmentValue): Value {
  if (typeof value === "string") return value;
  if ("from" in value) return fromStack(name, value.from, valuesOf(home));
  if ("endpointOf" in value) return endpointOf(home, value.endpointOf);
  if ("bucket" in value) return bucketName(home, value.bucket);
  // Each service is a database user of its own name (SA-13).
  if (value.part === "user") return serviceName;
  const database = required(name, `database \`${value.database}\``, home.workload.state[value.database]);
  return value.part === "name" ? database.databaseName : storeAddress(home, value.database)[value.part];
}

/** Where a service of the workload answers: its first port. */
export function endpointOf({ workload, namespace }: Pick<ClusterHome, "workload" | "namespace">, to: string): string {
  const port = firstPort(workload, to);
  return `${port.protocol === "tcp" ? "tcp" : "https"}://${serviceHost(to, namespace)}:${port.number}`;
}

function firstPort({ services }: Pick<Workload, "services">, name: string): Service["ports"][number] {
  const [port] = services[name]?.ports ?? [];
  if (!port) throw new Error(`service \`${name}\` has no port to be called on`);
  return port;
}

function valuesOf(home: ClusterHome): StackValues {
  const { environment, region = anyRegion, buildSha, hostName, frontendOrigin } = home;
  return { environment, region, buildSha, publicOrigin: `https://${hostName}`, frontendOrigin };
}
