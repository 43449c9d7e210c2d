// Release: what whoever installs it may say of it, as a schema made of the fields of a stack's configuration (PF-3, RT-13).
import { z } from "zod";
import { bare, sameField } from "../../config/fields";
import { fieldsJsonSchema } from "../../config/json-schema";
import { onpremConfig } from "../../config/onprem-schema";
import { onpremWorkload } from "../../config/onprem-workload-schema";
import { workloadName } from "../../config/workload-schema";

/** `true`: everything that is below it in the configuration. */
type Open = true | { readonly [key: string]: Open };

/** What belongs to the place it is installed in. All else comes with the bundle: images, release, environment, mode. */
const open: Open = {
  cluster: {
    registry: true,
    storageClasses: true,
    ingress: true,
    dns: true,
    ranges: true,
    podMetrics: true,
    apiServer: true,
  },
  edge: true,
  retention: true,
  siem: { url: true, ranges: true, certificateAuthority: true },
  tracing: { endpoint: true, ranges: true },
  monitoring: true,
  logs: { storageGiB: true },
};
const openOfWorkload: Open = {
  services: true,
  postgres: true,
  vectors: true,
  tenants: true,
  frontendOrigin: true,
  approvers: true,
};

/** Every key may be left out, and `null` takes back what the bundle says; a list is whole. */
function loosened(schema: z.ZodType, allowed: Open): z.ZodType {
  const inner = bare(schema);
  if (inner instanceof z.ZodObject) {
    const entries = Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, value]) => {
      const below = allowed === true ? true : allowed[key];
      return below === undefined ? [] : [[key, loosened(value, below).nullable().optional()] as const];
    });
    return sameField(inner, z.strictObject(Object.fromEntries(entries)));
  }
  if (inner instanceof z.ZodRecord) {
    const key = inner.keyType as z.ZodType<string, string>;
    return sameField(inner, z.record(key, loosened(inner.valueType as z.ZodType, true).nullable()));
  }
  return inner;
}

const ofStack = loosened(onpremConfig, open) as z.ZodObject;
const ofWorkload = loosened(onpremWorkload, openOfWorkload);

export const valuesSchema = sameField(
  onpremConfig,
  z.strictObject({
    ...ofStack.shape,
    workloads: sameField(bare(onpremConfig.shape.workloads), z.record(workloadName, ofWorkload)).optional(),
  }),
);

/** JSON Schema of a values file, from which editors complete and check; the same for every release of a version. */
export function valuesJsonSchema(): string {
  const { $schema, ...schema } = fieldsJsonSchema(valuesSchema);
  const about = {
    $schema,
    title: "Palisade values",
    description:
      "What whoever installs a bundle may say of it. Every key may be left out; null takes back the bundle's own.",
  };
  return `${JSON.stringify({ ...schema, ...about }, null, 2)}\n`;
}
