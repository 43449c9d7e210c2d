// Sandbox tests: what a control is, and how AWS is asked for the resources that it judges.
import { type AwsApi, find, texts, type Xml } from "../aws-api";

/** One property of one resource, and whether it is as the control wants it. */
export interface Finding {
  subject: string;
  ok: boolean;
}

export interface Control {
  id: string;
  says: string;
  findings: (api: AwsApi) => Promise<Finding[]>;
}

/** Judges every resource that `list` finds by every rule; a rule says what must hold. */
export function control<T>(
  id: string,
  says: string,
  list: (api: AwsApi) => Promise<[name: string, resource: T][]>,
  rules: Record<string, (resource: T) => boolean>,
): Control {
  return {
    id,
    says,
    findings: async api =>
      (await list(api)).flatMap(([name, resource]) =>
        Object.entries(rules).map(([rule, holds]) => ({ subject: `${name}: ${rule}`, ok: holds(resource) })),
      ),
  };
}

/** Of a resource in an XML answer: from a path to its first text there. */
export type Texts = (path: string) => string | undefined;

type QueryService = Parameters<AwsApi["query"]>[0];
type JsonService = Parameters<AwsApi["json"]>[0];

/** Resources of an XML answer. */
export const xml =
  (service: QueryService, action: string, path: string, name: string) =>
  async (api: AwsApi): Promise<[string, Texts][]> =>
    find(await api.query(service, action), path).map(node => {
      const at = first(node);
      return [at(name) ?? "", at];
    });

export const first =
  (node: Xml): Texts =>
  path =>
    texts(node, path)[0];

/** Resources of a JSON answer. */
export const list =
  <T>(service: JsonService, action: string, field: string, name: keyof T, input = {}) =>
  async (api: AwsApi): Promise<[string, T][]> => {
    const answer = await api.json<Record<string, T[]>>(service, action, input);
    return (answer[field] ?? []).map(item => [String(item[name]), item]);
  };

/** Resources of which `is` holds. */
export const those =
  <T>(all: (api: AwsApi) => Promise<[string, T][]>, is: (name: string, resource: T) => boolean) =>
  async (api: AwsApi): Promise<[string, T][]> =>
    (await all(api)).filter(([name, resource]) => is(name, resource));

export const customerKey = (arn: string | undefined) => /^arn:aws:kms:.*:key\/[0-9a-f-]{36}$/.test(arn ?? "");

/** Whether two lists have the same members. */
export const same = (found: readonly string[], wanted: readonly string[]) =>
  [...found].sort().join() === [...wanted].sort().join();

/** Name of a resource without the random end that the engine gave it. */
export const withoutSuffix = (name: string) => name.replace(/-[0-9a-f]{7}$/, "");

/** What Pulumi.dev.yaml asks for where a control leaves it to the stack. */
export const dev = {
  logDays: 7,
  objectLockDays: "1",
  rateLimit: 2000,
  secondRegion: "eu-west-1",
  tenants: ["acme"],
  corsOrigin: "https://iss.dev.example.com",
  /** Least and most tasks of each service. */
  replicas: {
    "sanctum-dev-backend": [1, 2],
    "sanctum-dev-ai-core": [1, 2],
    "iss-dev-api": [1, 1],
    "scriptpulse-dev-api": [1, 2],
    "router-dev-poller": [1, 1],
    "content-pipeline-dev-renderer": [0, 2],
  } as Readonly<Record<string, readonly number[]>>,
  budgets: { "palisade-dev": 500, "content-pipeline-dev": 100 } as Readonly<Record<string, number>>,
};

/** A statement of a policy as AWS gives it back. */
export interface Statement {
  Effect: string;
  Action?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  Principal?: unknown;
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** What is denied to everybody, under the conditions named and no other. */
export function denies(policy: string | undefined, action: string, condition: Statement["Condition"] = {}): boolean {
  return statements(policy).some(
    statement =>
      statement.Effect === "Deny" &&
      ["*", '{"AWS":"*"}'].includes(
        typeof statement.Principal === "string" ? statement.Principal : JSON.stringify(statement.Principal),
      ) &&
      many(statement.Action).some(pattern => pattern === action || pattern === `${action.split(":")[0]}:*`) &&
      sorted(statement.Condition ?? {}) === sorted(condition),
  );
}

export function statements(policy: string | undefined): Statement[] {
  return policy ? (JSON.parse(policy) as { Statement: Statement[] }).Statement : [];
}

export const many = <T>(value: T | T[] | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

function sorted(condition: NonNullable<Statement["Condition"]>): string {
  const entries = Object.entries(condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => `${operator} ${key} ${many(values).sort().join()}`),
  );
  return entries.sort().join("; ");
}
