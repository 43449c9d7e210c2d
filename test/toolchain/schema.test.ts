// The bridged providers against the SDK: same types, same inputs to the last nested one. It is how the npm versions were chosen.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { ensureToolchain, type Toolchain } from "../../toolchain/toolchain";
import { PLUGIN_VERSIONS } from "../../toolchain/versions";
import { type Properties, SdkTypes, type Shape } from "./sdk-types";

interface TypeSpec {
  type?: string;
  $ref?: string;
  items?: TypeSpec;
  additionalProperties?: TypeSpec;
}
interface ObjectSpec {
  properties?: Record<string, TypeSpec>;
  required?: string[];
}
interface Schema {
  resources: Record<string, { inputProperties?: Record<string, TypeSpec>; requiredInputs?: string[] }>;
  types: Record<string, ObjectSpec>;
}

let tools: Toolchain;
beforeAll(async () => {
  tools = await ensureToolchain();
});

describe.each(["aws", "random"] as const)("%s plugin", name => {
  test("has the version of the npm package", () => {
    const manifest = JSON.parse(readFileSync(join(PROJECT_DIRECTORY, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(manifest.dependencies[`@pulumi/${name}`]).toBe(PLUGIN_VERSIONS[name]);
  });

  test("takes just the inputs that the SDK offers, and needs just those", context => {
    const part = tools.parts.find(p => p.name === `${name} plugin`);
    // An official plugin has the SDK's inputs by construction, and brings no schema file.
    if (part?.origin !== "built") return context.skip();
    const schema = JSON.parse(readFileSync(join(dirname(part.path), "schema.json"), "utf8")) as Schema;
    const comparison = new Comparison(schema, new SdkTypes(name));
    for (const [token, resource] of Object.entries(schema.resources))
      comparison.resource(token, { properties: resource.inputProperties, required: resource.requiredInputs });
    expect(comparison.differences.filter(difference => !unrolled.test(difference) && difference !== patched)).toEqual(
      [],
    );
  });
});

/**
 * A firewall statement may contain statements. The SDK has one type for all depths; upstream writes each depth out, with
 * fewer kinds below the first, so what the SDK alone offers there AWS would take but this provider would not.
 */
const unrolled =
  /^aws:wafv2\/webAcl:WebAcl\.rules\[\]\.statement\..*\b(statements\[\]|scopeDownStatement)\..*: SDK only$/;

/** Pulumi's own addition to upstream. What offers it there removes add-ons that this program never lets EKS install. */
const patched = "aws:eks/cluster:Cluster.defaultAddonsToRemoves: SDK only";

class Comparison {
  readonly differences: string[] = [];
  private readonly seen = new Set<string>();

  constructor(
    private readonly schema: Schema,
    private readonly sdk: SdkTypes,
  ) {}

  resource(token: string, spec: ObjectSpec): void {
    this.properties(token, spec, this.sdk.argumentsOf(token));
  }

  private properties(place: string, spec: ObjectSpec, offered: Properties): void {
    const taken = new Map(Object.entries(spec.properties ?? {}));
    for (const [input, property] of offered) {
      const type = taken.get(input);
      if (!type) {
        this.differences.push(`${place}.${input}: SDK only`);
        continue;
      }
      const required = spec.required?.includes(input) ?? false;
      if (required !== property.required)
        this.differences.push(`${place}.${input}: ${required ? "plugin" : "SDK"} alone needs it`);
      this.type(`${place}.${input}`, type, property.shape);
    }
    for (const input of taken.keys()) if (!offered.has(input)) this.differences.push(`${place}.${input}: plugin only`);
  }

  private type(place: string, type: TypeSpec, shape: Shape): void {
    const found = kindOf(type);
    const wanted = shape.kind === "plain" ? shape.name : shape.kind;
    if (found !== wanted) this.differences.push(`${place}: plugin has ${found}, SDK ${wanted}`);
    else if (shape.kind === "list" && type.items) this.type(`${place}[]`, type.items, shape.of);
    else if (shape.kind === "map" && type.additionalProperties)
      this.type(`${place}{}`, type.additionalProperties, shape.of);
    else if (shape.kind === "object" && type.$ref) this.nested(place, type.$ref.replace("#/types/", ""), shape.name);
  }

  /** Types may contain themselves; each pair is compared once. */
  private nested(place: string, token: string, name: string): void {
    if (this.seen.has(`${token} ${name}`)) return;
    this.seen.add(`${token} ${name}`);
    this.properties(place, this.schema.types[token] ?? {}, this.sdk.propertiesOf(name));
  }
}

function kindOf({ type, $ref }: TypeSpec): string {
  if ($ref?.startsWith("pulumi.json#/")) return "asset";
  if ($ref) return "object";
  return { array: "list", object: "map", integer: "number" }[type ?? ""] ?? type ?? "string";
}
