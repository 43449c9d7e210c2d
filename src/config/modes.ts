// Config: which schema holds in which mode, and what both know.
import type { z } from "zod";
import { fieldAt, knownKeys } from "./fields";
import { onpremConfig } from "./onprem-schema";
import type { Path, Tree } from "./paths";
import { stackConfig } from "./schema";
import { type Mode, modes } from "./shared-schema";

export const schemas = { saas: stackConfig, onprem: onpremConfig } as const satisfies Record<Mode, z.ZodType>;

/** The mode whose schema a configuration is held to: SaaS where it names none, or none there is. */
export function modeOf({ mode }: Tree): Mode {
  return modes.find(known => known === mode) ?? "saas";
}

/** The other mode, if it has such a key just there. */
export function otherModeWith(mode: Mode, path: Path, key: string): Mode | undefined {
  return modes.find(other => other !== mode && knowsKey(schemas[other], path, key));
}

/** Whether a schema has such a key just there. */
export function knowsKey(schema: z.ZodType, path: Path, key: string): boolean {
  return isWay(schema, path) && knownKeys(fieldAt(schema, path).schema).includes(key);
}

/** Whether the schema knows each step, so that what it says of the last is not what it says of a section above. */
function isWay(schema: z.ZodType, path: Path): boolean {
  return path.every(
    (_, i) => fieldAt(schema, path.slice(0, i + 1)).schema !== fieldAt(schema, path.slice(0, i)).schema,
  );
}
