// Render: the variables of a service where the host gives what AWS or Kubernetes would. Pure.
import { fromStack, type StackValues } from "../workload/stack-values";
import type { Workload } from "../workload/workload";

/** What the stack decides, and a host does not. */
export interface HostContext extends Omit<StackValues, "region"> {
  /** How another service of the workload is reached from this one. */
  hostOf: (service: string) => string;
}

export interface HostVariables {
  /** Known now. */
  literal: Record<string, string>;
  /** Known to the operator only, with what each is: secrets, and addresses of what this home does not bring. */
  supplied: Record<string, string>;
}

/** @throws Error naming the variable, if the stack does not have what it asks for. */
export function hostVariables(workload: Workload, serviceName: string, context: HostContext): HostVariables {
  const service = workload.services[serviceName];
  if (!service) throw new Error(`no service \`${serviceName}\` in workload \`${workload.name}\``);
  const literal: Record<string, string> = {};
  const supplied: Record<string, string> = {};
  for (const [name, value] of Object.entries(service.environment)) {
    if (typeof value === "string") literal[name] = value;
    else if ("from" in value) {
      if (value.from === "region") supplied[name] = "region or site of the host";
      else literal[name] = fromStack(name, value.from, context);
    } else if ("endpointOf" in value) literal[name] = endpoint(workload, value.endpointOf, context);
    else if ("database" in value && value.part === "user") literal[name] = serviceName;
    else if ("database" in value) supplied[name] = `${value.part} of the ${value.database} database`;
    else supplied[name] = `name of the bucket \`${value.bucket}\``;
  }
  for (const [name, secret] of Object.entries(workload.secrets))
    if (secret.readers.includes(serviceName)) supplied[name] = secret.description;
  return { literal, supplied };
}

function endpoint({ services }: Workload, to: string, { hostOf }: HostContext): string {
  const [port] = services[to]?.ports ?? [];
  return `${port?.protocol}://${hostOf(to)}:${port?.number}`;
}
