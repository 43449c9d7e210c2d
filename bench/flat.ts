// Benchmarks: the flat program. Plain JavaScript that registers the custom resources of a preview one by one, without components.

/** What `pulumi preview --json` says of one resource. */
export interface Planned {
  urn: string;
  type: string;
  custom: boolean;
  inputs?: Record<string, unknown>;
  /** URN of the provider, `::`, its id. */
  provider?: string;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[]>;
  ignoreChanges?: string[];
  deletedWith?: string;
}

/** What the engine writes for a value that is known only after an update, and for a secret. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SECRET = "[secret]";

/** The custom resources a program registers itself; default providers are the engine's doing. */
export function customResources(planned: readonly Planned[]): Planned[] {
  return planned.filter(({ custom, urn }) => custom && !/^default(_|$)/.test(nameOf(urn)));
}

/**
 * The program's text. Every input is what the engine was given at the preview, so that both programs ask the same of
 * engine and providers: a literal where it is known; an output of the resources it depends on where it is not, so that
 * it is as unknown and waits for the same; a placeholder for a secret.
 * @param planned in the order of registration
 */
export function flatProgram(planned: readonly Planned[]): string {
  const resources = customResources(planned);
  const scope = new Scope(resources);
  const body = resources.flatMap(resource => {
    const { inputs, dependsOn } = writeInputs(resource, scope);
    const options = [
      ...providerOption(resource, scope),
      ...(dependsOn.length > 0 ? [`dependsOn: [${dependsOn.join(", ")}]`] : []),
      ...(resource.ignoreChanges ? [`ignoreChanges: ${JSON.stringify(resource.ignoreChanges)}`] : []),
      ...(resource.deletedWith ? [`deletedWith: ${scope.variable(resource.deletedWith)}`] : []),
    ];
    const { alias, className } = classOf(resource.type);
    const [variable, name] = scope.declare(resource);
    const call = `new ${alias}.${className}(${JSON.stringify(name)}, ${inputs}, { ${options.join(", ")} })`;
    // The account is the same in every region.
    const first = resource === resources.find(({ type }) => type === "pulumi:providers:aws");
    return [`const ${variable} = ${call};`, ...(first ? [askWho(variable)] : [])];
  });
  const modules = new Map(resources.map(({ type }) => [classOf(type).alias, classOf(type).module]));
  const imports = [...modules].map(([alias, module]) => `const ${alias} = require(${JSON.stringify(module)});`);
  return ['"use strict";', 'const pulumi = require("@pulumi/pulumi");', ...imports, "", ...body, ""].join("\n");
}

/** What was registered, apart from names: equal for two programs that ask the same of the engine. */
export function registrations(planned: readonly Planned[]): string[] {
  return customResources(planned)
    .map(({ type, inputs }) => `${type} ${JSON.stringify(own(inputs))}`)
    .sort();
}

/** Variables and logical names of the program, in the order of their declaration. */
class Scope {
  readonly accountId: string | undefined;
  readonly #variables = new Map<string, string>();
  readonly #names = new Set<string>();

  constructor(resources: readonly Planned[]) {
    const arn = /arn:aws:[\w-]*:[\w-]*:(\d{12}):/.exec(JSON.stringify(resources.map(({ inputs }) => inputs)));
    this.accountId = arn?.[1];
  }

  /** Without parents in their URNs, two children of the same type and name would be one: the later gets another name. */
  declare({ urn, type }: Planned): [variable: string, name: string] {
    let name = nameOf(urn);
    while (this.#names.has(`${type} ${name}`)) name = `${name}-too`;
    this.#names.add(`${type} ${name}`);
    const variable = `resource${this.#variables.size}`;
    this.#variables.set(urn, variable);
    return [variable, name];
  }

  has(urn: string): boolean {
    return this.#variables.has(urn);
  }

  variable(urn: string): string {
    const variable = this.#variables.get(urn);
    if (!variable) throw new Error(`${urn} is needed before it is registered`);
    return variable;
  }
}

/** The platform's own question; the answer is used wherever the account's number stands in an input. */
function askWho(provider: string): string {
  return `const { accountId } = require("@pulumi/aws/getCallerIdentity").getCallerIdentityOutput({}, { provider: ${provider} });`;
}

/** `aws:ec2/vpc:Vpc` is the class `Vpc` of `@pulumi/aws/ec2`, `random:index/randomId:RandomId` one of `@pulumi/random`. */
function classOf(type: string): { alias: string; module: string; className: string } {
  const [group = "", path = "", last = ""] = type.split(":");
  if (group === "pulumi")
    return { alias: `${last}Provider`, module: `@pulumi/${last}/provider`, className: "Provider" };
  const [service = ""] = path.split("/");
  if (service === "index") return { alias: group, module: `@pulumi/${group}`, className: last };
  return { alias: `${group}_${service}`, module: `@pulumi/${group}/${service}`, className: last };
}

function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

function providerOption({ provider }: Planned, scope: Scope): string[] {
  const urn = provider?.slice(0, provider.lastIndexOf("::"));
  return urn && scope.has(urn) ? [`provider: ${scope.variable(urn)}`] : [];
}

function writeInputs(resource: Planned, scope: Scope): { inputs: string; dependsOn: string[] } {
  const isProvider = resource.type.startsWith("pulumi:providers:");
  const waitedFor = new Set<string>();
  const properties = entries(resource.inputs ?? {}).map(([key, input]) => {
    // A provider's settings travel as JSON texts, unless they are texts themselves.
    const value = isProvider ? parsed(input) : input;
    const needs = resource.propertyDependencies?.[key] ?? [];
    const unknowns = countUnknowns(value);
    if (unknowns > 0) for (const urn of needs) waitedFor.add(urn);
    const outputs = unknownOutputs(
      needs.map(urn => scope.variable(urn)),
      unknowns,
    );
    return `${JSON.stringify(key)}: ${write(value, outputs, scope)}`;
  });
  const dependsOn = (resource.dependencies ?? []).filter(urn => !waitedFor.has(urn)).map(urn => scope.variable(urn));
  return { inputs: `{ ${properties.join(", ")} }`, dependsOn };
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Shares a property's dependencies out among its unknown values, so that all of them are waited for. */
function unknownOutputs(variables: readonly string[], count: number): string[] {
  return Array.from({ length: variables.length > 0 ? count : 0 }, (_, at) => {
    const share = variables.filter((_, i) => i % count === at);
    const ids = (share.length > 0 ? share : [variables[at % variables.length]]).map(variable => `${variable}.id`);
    return ids.length === 1 ? ids.join() : `pulumi.interpolate\`${ids.map(id => `\${${id}}`).join("")}\``;
  });
}

function countUnknowns(value: unknown): number {
  if (value === UNKNOWN || value === SECRET) return 1;
  if (typeof value !== "object" || value === null) return 0;
  return entries(value).reduce((sum, [, child]) => sum + countUnknowns(child), 0);
}

/** Writes a value as JavaScript; each unknown or secret takes the next of `outputs`. */
function write(value: unknown, outputs: string[], scope: Scope): string {
  if (value === SECRET) return `pulumi.secret(${outputs.shift() ?? '"placeholder"'})`;
  if (value === UNKNOWN) {
    const output = outputs.shift();
    if (!output) throw new Error("an input is unknown and depends on nothing");
    return output;
  }
  const { accountId } = scope;
  if (typeof value === "string" && accountId && value.includes(accountId))
    return `pulumi.interpolate\`${value.split(accountId).map(templateText).join(`\${accountId}`)}\``;
  if (Array.isArray(value)) return `[${value.map(child => write(child, outputs, scope)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const written = entries(value).map(([key, child]) => `${JSON.stringify(key)}: ${write(child, outputs, scope)}`);
  return `{ ${written.join(", ")} }`;
}

function templateText(text: string): string {
  return text.replace(/[\\`]|\$\{/g, "\\$&");
}

/** Without what the provider filled in by itself. */
function entries(node: object): [string, unknown][] {
  const filledIn: unknown[] = "__defaults" in node && Array.isArray(node.__defaults) ? node.__defaults : [];
  const ignored = ["__defaults", "__internal", ...filledIn];
  return Object.entries(node).filter(([key]) => !ignored.includes(key));
}

function own(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(own);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, child]) => [key, own(child)]),
  );
}
