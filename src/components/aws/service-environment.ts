// AWS components: the environment variables of a service, from what its specification asks for to what this stack has.
import type * as pulumi from "@pulumi/pulumi";
import type { EnvironmentValue } from "../../workload/container";
import { fromStack, required, type StackValues } from "../../workload/stack-values";
import type { Service } from "../../workload/workload";
import { internalEndpoint } from "./service-connect";

/** What a stack knows that a specification can only ask for. */
export interface EnvironmentContext extends StackValues {
  region: string;
  services: Record<string, Service>;
  databases: Partial<Record<"postgres" | "vectors", DatabaseAddress>>;
  /** Names of the workload's buckets; default none. */
  buckets?: Record<string, pulumi.Input<string>>;
}

export interface DatabaseAddress {
  host: pulumi.Input<string>;
  port: pulumi.Output<number>;
  name: pulumi.Input<string>;
}

/** @throws Error naming the variable, if the stack does not have what it asks for. */
export function resolveEnvironment(
  serviceName: string,
  service: Service,
  context: EnvironmentContext,
): Record<string, pulumi.Input<string>> {
  return Object.fromEntries(
    Object.entries(service.environment).map(([name, value]) => [name, resolve(serviceName, name, value, context)]),
  );
}

function resolve(
  serviceName: string,
  name: string,
  value: EnvironmentValue,
  context: EnvironmentContext,
): pulumi.Input<string> {
  if (typeof value === "string") return value;
  if ("from" in value) return fromStack(name, value.from, context);
  if ("endpointOf" in value) {
    const service = context.services[value.endpointOf];
    return internalEndpoint(value.endpointOf, required(name, `service \`${value.endpointOf}\``, service));
  }
  if ("database" in value) {
    const database = required(name, `database \`${value.database}\``, context.databases[value.database]);
    // Each service is a database user of its own name (SA-13).
    if (value.part === "user") return serviceName;
    return value.part === "port" ? database.port.apply(String) : database[value.part];
  }
  return required(name, `bucket \`${value.bucket}\``, context.buckets?.[value.bucket]);
}
