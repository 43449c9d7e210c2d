import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { isSecretField } from "../../../src/config/fields";
import { stackConfigJsonSchema } from "../../../src/config/json-schema";
import { schemas } from "../../../src/config/modes";
import { secretPlaces } from "../../../src/config/secret-places";

const root = join(__dirname, "../../..");
const file = "docs/stack-config.schema.json";
const schema = stackConfigJsonSchema();
/** zod reads JSON Schema too: what an editor would say, without an editor. */
const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

test("the published schema is the one the program checks with", () => {
  const hint = `out of date: npx palisade config schema > ${file} && npm run format`;
  expect(JSON.parse(readFileSync(join(root, file), "utf8")), hint).toEqual(schema);
});

describe("stack files", () => {
  const read = (stack: string) => parseYaml(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8"));

  test.each(["dev", "staging", "prod", "onprem"])("Pulumi.%s.yaml names the schema and fits it", stack => {
    const [first] = readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8").split("\n");
    expect(first).toBe(`# yaml-language-server: $schema=./${file}`);
    expect(validator.safeParse(read(stack)).error?.issues).toBeUndefined();
  });

  const siem = { url: "https://siem.example.com", accessKey: { secure: "v1:a:b" } };

  test("a secret is encrypted or refused", () => {
    const dev = read("dev");
    expect(validator.safeParse({ config: { ...dev.config, "palisade:siem": siem } }).success).toBe(true);
    const plain = { ...siem, accessKey: "plain" };
    expect(validator.safeParse({ config: { ...dev.config, "palisade:siem": plain } }).success).toBe(false);
  });

  test("an unknown key, at any depth, is refused", () => {
    const dev = read("dev");
    expect(validator.safeParse({ ...dev, confg: {} }).success).toBe(false);
    expect(validator.safeParse({ config: { ...dev.config, "palisade:netwrk": {} } }).success).toBe(false);
    const retention = { ...dev.config["palisade:retention"], logDay: 1 };
    expect(validator.safeParse({ config: { ...dev.config, "palisade:retention": retention } }).success).toBe(false);
  });
});

/** Every schema below a schema, with its place. */
function* walk(at: unknown, place: string): Generator<{ place: string; schema: z.ZodType; description?: string }> {
  if (!(at instanceof z.ZodType)) return;
  if (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault)
    return yield* walk(at.unwrap(), place);
  yield { place, schema: at, description: at.description };
  if (at instanceof z.ZodObject)
    for (const [key, child] of Object.entries(at.shape)) yield* walk(child, `${place}.${key}`);
  if (at instanceof z.ZodRecord) yield* walk(at.valueType, `${place}.*`);
  if (at instanceof z.ZodArray) yield* walk(at.element, `${place}[]`);
}
const fields = Object.values(schemas).flatMap(schema => [...walk(schema, "")]);

test("every field says what it is; one that counts days, years, MiB or GiB says so too", () => {
  const named = fields.filter(({ place }) => !place.endsWith("[]"));
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter(f => !f.description).map(f => f.place)).toEqual([]);
  const counted = named.filter(({ place }) => /(Days|Years|MiB|GiB|Millicores|Replicas|Minutes)$/.test(place));
  expect(counted.length).toBeGreaterThan(10);
  expect(counted.filter(f => !/Unit: /.test(f.description ?? "")).map(f => f.place)).toEqual([]);
});

test("the places of the secrets are those of the schema", () => {
  const places = new Set(fields.filter(f => isSecretField(f.schema)).map(f => f.place.slice(1)));
  expect([...places].sort()).toEqual([...secretPlaces].sort());
});
