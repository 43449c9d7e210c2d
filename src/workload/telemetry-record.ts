// Workload model: the telemetry record. Numbers, ratios and listed values only: there is no field that could carry text (SP-15).
import { isStructural, type RecordFields, recordSchema } from "./declared-record";

/** Fields that could carry text, and so may not be in telemetry. */
export function textualFields(fields: RecordFields): string[] {
  return Object.entries(fields)
    .filter(([, field]) => !isStructural(field))
    .map(([name]) => name);
}

/**
 * Schema of the telemetry records of a service; `z.toJSONSchema` makes it a JSON Schema.
 * @throws Error naming the fields that could carry text.
 */
export function telemetryRecord(fields: RecordFields) {
  const textual = textualFields(fields);
  if (textual.length > 0)
    throw new Error(
      `\`fields\` has ${textual.map(name => `\`${name}\``).join(", ")}; telemetry holds \`number\`, \`ratio\`, \`boolean\` and \`oneOf\` only (SP-15)`,
    );
  return recordSchema("telemetry", fields);
}
