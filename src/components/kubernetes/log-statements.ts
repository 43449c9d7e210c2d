// Kubernetes components: what becomes of a record on its node, in the collector's transformation language (SP-6, SP-8, SP-9, SP-15). Pure.
// The same rules as the log router has on AWS: only declared fields of the declared form get through; telemetry that holds
// anything else is dropped whole; a compliance record that lacks a field says so.
import { kindField, type RecordField, type RecordFields } from "../../workload/declared-record";
import type { Service, Workload } from "../../workload/workload";

/** Attribute that tells which log a record belongs to. */
export const kindAttribute = kindField;
/** Attribute with a record's tenant, of those that the stack knows. */
export const tenantAttribute = "palisade.tenant";
/** Attribute of a record that is to be dropped. */
const dropAttribute = "palisade.drop";
/** What is counted on the way, and removed at its end. */
const counted = ["palisade.before", "palisade.withheld"] as const;

/** Statements that are run for records which fit one of the conditions. */
export interface StatementGroup {
  context: "log";
  conditions: string[];
  statements: string[];
}

/** One log of standard output, and how strictly it is held to its declaration. */
interface Route {
  fields: RecordFields;
  /** A record with anything else is dropped whole. */
  strict: boolean;
  /** A record that lacks a field says so. */
  complete: boolean;
}

export interface DeclaredService {
  namespace: string;
  serviceName: string;
  service: Service;
  tenancy: Workload["tenancy"];
  tenants: readonly string[];
}

/** Whether the records of a service are held to declared fields. */
export function isDeclared({ logs, memoryOnly }: Pick<Service, "logs" | "memoryOnly">): boolean {
  return memoryOnly || logs.some(log => log.fields && !log.file);
}

/** Every record is of the application log until it says otherwise. */
export function namedKind(): StatementGroup {
  return {
    context: "log",
    conditions: [`attributes["${kindAttribute}"] == nil`],
    statements: [`set(attributes["${kindAttribute}"], "application")`],
  };
}

/** What a declared service's records go through. */
export function declaredStatements(of: DeclaredService): StatementGroup {
  const { namespace, serviceName, service, tenancy, tenants } = of;
  const routes = routesOf(service, tenancy?.claim);
  return {
    context: "log",
    conditions: [
      `resource.attributes["k8s.namespace.name"] == ${text(namespace)} and resource.attributes["k8s.container.name"] == ${text(serviceName)}`,
    ],
    statements: [
      // A line that is no JSON object leaves no more than that there was one.
      `set(cache["record"], ParseJSON(body)) where IsString(body)`,
      `set(attributes["palisade.withheld"], 1) where not IsMap(cache["record"])`,
      `set(body, ParseJSON("{}"))`,
      `set(body, cache["record"]) where IsMap(cache["record"])`,
      `set(attributes["${kindAttribute}"], "application")`,
      ...oneOfOther(Object.keys(routes)).map(
        pattern =>
          `set(attributes["${kindAttribute}"], body["${kindField}"]) where IsString(body["${kindField}"]) and IsMatch(body["${kindField}"], ${text(pattern)})`,
      ),
      `delete_key(body, "${kindField}")`,
      ...Object.entries(routes).flatMap(([kind, route]) => routeStatements(kind, route)),
      `set(body["${kindField}"], attributes["${kindAttribute}"])`,
      ...(tenancy && tenants.length > 0
        ? [
            `set(attributes["${tenantAttribute}"], body["${tenancy.claim}"]) where IsString(body["${tenancy.claim}"]) and IsMatch(body["${tenancy.claim}"], ${text(oneOf(tenants))})`,
          ]
        : []),
      ...counted.map(name => `delete_key(attributes, "${name}")`),
    ],
  };
}

/** Configuration of the filter that comes after the statements. */
export const dropMarked = {
  error_mode: "propagate",
  logs: { log_record: [`attributes["${dropAttribute}"] == true`] },
};

function oneOfOther(kinds: readonly string[]): string[] {
  const others = kinds.filter(kind => kind !== "application");
  return others.length > 0 ? [oneOf(others)] : [];
}

function routesOf({ logs, memoryOnly }: Service, claim: string | undefined): Record<string, Route> {
  const declared = (kind: Service["logs"][number]["kind"]) => logs.find(log => log.kind === kind && !log.file)?.fields;
  const withClaim = (fields: RecordFields): RecordFields => (claim ? { ...fields, [claim]: "identifier" } : fields);
  const application = declared("application") ?? (memoryOnly ? {} : undefined);
  const telemetry = declared("telemetry");
  const compliance = declared("compliance");
  return {
    ...(application && { application: { fields: withClaim(application), strict: false, complete: false } }),
    ...(telemetry && { telemetry: { fields: telemetry, strict: true, complete: true } }),
    ...(compliance && { compliance: { fields: withClaim(compliance), strict: false, complete: true } }),
  };
}

function routeStatements(kind: string, { fields, strict, complete }: Route): string[] {
  const names = Object.keys(fields);
  const ofKind = `attributes["${kindAttribute}"] == ${text(kind)}`;
  const withheld = `attributes["palisade.withheld"]`;
  const missing = `${names.length} - Len(body)`;
  return [
    `set(attributes["palisade.before"], Len(body)) where ${ofKind}`,
    ...Object.entries(fields).map(
      ([name, field]) =>
        `delete_key(body, ${text(name)}) where ${ofKind} and not (${fits(`body[${text(name)}]`, field)})`,
    ),
    `keep_keys(body, [${names.map(text).join(", ")}]) where ${ofKind}`,
    `set(${withheld}, attributes["palisade.before"] - Len(body)) where ${ofKind} and ${withheld} == nil`,
    ...(strict
      ? [
          `set(attributes["${dropAttribute}"], true) where ${ofKind} and ${withheld} > 0`,
          `set(attributes["${dropAttribute}"], true) where ${ofKind} and Len(body) < ${names.length}`,
        ]
      : [
          // Counted before either is added.
          ...(complete ? [`set(cache["missing"], ${missing}) where ${ofKind}`] : []),
          `set(body["withheld"], ${withheld}) where ${ofKind} and ${withheld} > 0`,
          ...(complete ? [`set(body["missing"], cache["missing"]) where ${ofKind} and cache["missing"] > 0`] : []),
        ]),
  ];
}

/** The same forms as `valueSchema` has. */
function fits(value: string, field: RecordField): string {
  const matching = (pattern: string) => `IsString(${value}) and IsMatch(${value}, ${text(pattern)})`;
  if (typeof field === "object") return matching(oneOf(field.oneOf));
  switch (field) {
    case "number":
      return `IsDouble(${value}) or IsInt(${value})`;
    case "ratio":
      return `(IsDouble(${value}) or IsInt(${value})) and ${value} >= 0.0 and ${value} <= 1.0`;
    case "boolean":
      return `IsBool(${value})`;
    case "timestamp":
      return matching("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?Z$");
    case "digest":
      return matching("^[0-9a-f]{64}$");
    case "identifier":
      return matching("^[A-Za-z0-9_.:-]{1,64}$");
  }
}

/** Words have letters, digits, dots, hyphens and underscores only: one of them means something in a pattern. */
function oneOf(words: readonly string[]): string {
  return `^(${words.map(word => word.replaceAll(".", "[.]")).join("|")})$`;
}

function text(value: string): string {
  return JSON.stringify(value);
}
