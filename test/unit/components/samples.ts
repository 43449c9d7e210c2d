// Unit tests: a small service to vary, and policies as objects.
import { defineWorkload, type Service, type WorkloadInput } from "../../../src/workload/workload";
import { type Registered, record } from "../record";

type ServiceInput = WorkloadInput["services"][string];

/** As `record`, but what `build` throws waits until the mocks are done: a registration may be under way by then. */
export async function recordTypes(types: readonly string[], build: () => unknown): Promise<Registered[]> {
  const failures: unknown[] = [];
  const registered = await record({ types }, () => {
    try {
      build();
    } catch (error) {
      failures.push(error);
    }
  });
  for (const failure of failures) throw failure;
  return registered;
}

/** What ends every image reference. */
export const digest = `sha256:${"a".repeat(64)}`;

/** An internal service with one TLS port and health, changed as asked. */
export function sampleService(changes: Partial<ServiceInput> = {}): Service {
  const input: ServiceInput = {
    description: "A service of the tests.",
    image: { repository: "sample/api" },
    ports: [{ name: "api", number: 8443 }],
    health: { path: "/healthz", port: "api" },
    resources: { cpuMillicores: 500, memoryMiB: 512 },
    scaling: { minReplicas: 2, maxReplicas: 4 },
    network: { exposure: "internal" },
    ...changes,
  };
  // Somebody for it to call, and to be called by.
  const other: ServiceInput = {
    ...input,
    ports: [{ name: "api", number: 10443 }],
    health: { path: "/healthz", port: "api" },
    environment: {},
    network: { exposure: "internal", callers: ["sample"] },
  };
  const { services } = defineWorkload({ name: "samples", title: "Samples", services: { sample: input, other } });
  const { sample } = services;
  if (!sample) throw new Error("the sample is missing");
  return sample;
}

export interface Statement {
  Sid?: string;
  Effect: string;
  Principal?: unknown;
  Action: string | string[];
  Resource?: string | string[];
  Condition?: Record<string, Record<string, unknown>>;
}

/** Statements of a policy that went to AWS as JSON. */
export function statementsOf(policy: unknown): Statement[] {
  return (JSON.parse(String(policy)) as { Statement: Statement[] }).Statement;
}

/** The one statement about an action. */
export function statementAbout(action: string, policy: unknown): Statement {
  const found = statementsOf(policy).filter(({ Action }) => [Action].flat().includes(action));
  const [first] = found;
  if (!first || found.length > 1) throw new Error(`expected one statement about ${action}, found ${found.length}`);
  return first;
}
