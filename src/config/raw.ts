// Config: values before anything has been checked, as the two adapters (the engine's config, a stack file) hand them in.
import { namespace, type Tree } from "./paths";

/** Values by full key, such as `palisade:network`; whatever is encrypted in the stack file is sealed. */
export type RawConfig = ReadonlyMap<string, unknown>;

const prefix = `${namespace}:`;

/** Name of a key within the one namespace; undefined for a key of another. */
export function ownName(key: string): string | undefined {
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}

/** Everything under `palisade:`. */
export function ownValues(raw: RawConfig): Tree {
  return Object.fromEntries(
    [...raw].flatMap(([key, value]) => {
      const name = ownName(key);
      return name === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** The engine keeps a mapping or a list as JSON text; any other text is itself. */
export function decode(value: unknown): unknown {
  if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
