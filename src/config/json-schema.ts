// Config: JSON Schema of a whole `Pulumi.<stack>.yaml`, from which editors complete and check.
import { z } from "zod";
import { isSecretField } from "./fields";
import { schemas } from "./modes";
import { namespace } from "./paths";
import { type Mode, modes } from "./shared-schema";

/** What stands in place of a secret once it is encrypted. */
const encrypted = {
  type: "object",
  properties: {
    secure: { type: "string", description: "Ciphertext, written by `pulumi config set --secret --path`." },
  },
  required: ["secure"],
  additionalProperties: false,
} as const;

/** Draft 7, the one that YAML language servers know best. */
export function stackConfigJsonSchema(): Record<string, unknown> {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Palisade stack configuration",
    type: "object",
    properties: {
      // Told apart by the one value that `palisade:mode` may have in each.
      config: { oneOf: modes.map(ofMode) },
      encryptionsalt: { type: "string", description: "Written by the engine: salt of the passphrase." },
      secretsprovider: { type: "string", description: "Key that encrypts the secrets, such as `awskms://…`." },
      encryptedkey: { type: "string", description: "Written by the engine: data key, encrypted by the provider." },
      environment: { description: "Pulumi ESC environments to import." },
    },
    required: ["config"],
    additionalProperties: false,
  };
}

function ofMode(mode: Mode) {
  const { properties = {}, required = [], description } = fieldsJsonSchema(schemas[mode]);
  const prefixed = (name: string) => `${namespace}:${name}`;
  return {
    type: "object",
    title: `mode ${mode}`,
    description,
    properties: Object.fromEntries(Object.entries(properties).map(([name, schema]) => [prefixed(name), schema])),
    patternProperties: { "^pulumi:": { description: "Settings of the Pulumi engine itself." } },
    required: required.map(prefixed),
    additionalProperties: false,
  };
}

/** Draft 7 of any schema that is made of fields, with their words. */
export function fieldsJsonSchema(schema: z.ZodType) {
  return z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      if (isSecretField(zodSchema)) Object.assign(jsonSchema, encrypted);
      if (jsonSchema.description && jsonSchema.default !== undefined && typeof jsonSchema.default !== "object")
        jsonSchema.description += ` Default: ${jsonSchema.default}.`;
      // Bounds of JavaScript's integers tell an author nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
}
