// Release: a values file, which came from outside: read, and held to what may be said at all. Nothing of it is quoted in a message (PF-7).
import { LineCounter, parseDocument } from "yaml";
import { Failure } from "../../../toolchain/failure";
import { type Fault, renderFaults } from "../../config/faults";
import { schemaFaults } from "../../config/issues";
import { knowsKey } from "../../config/modes";
import { onpremConfig } from "../../config/onprem-schema";
import { isTree, namespace, type Tree } from "../../config/paths";
import { valuesSchema } from "./values-schema";

/** What whoever installs says, not yet held against the release. */
export interface Values {
  /** Name of the file, for messages. */
  readonly name: string;
  readonly tree: Tree;
}

export const noValues: Values = { name: "no values", tree: {} };

/** Characters of a values file, at most; certificates are the longest that belongs into one. */
const longest = 1_048_576;

/**
 * @param name of the file, for messages
 * @throws Failure naming what cannot be read, or every key that nobody may set, with the nearest that one may.
 */
export function parseValues(text: string, name: string): Values {
  const tree = readTree(text, name);
  const issues = valuesSchema.safeParse(tree).error?.issues ?? [];
  const faults = schemaFaults(valuesSchema, tree, issues, (path, key, names) =>
    knowsKey(onpremConfig, path, key)
      ? { found: "a key that comes with the bundle and stays as it is", allowed: names }
      : undefined,
  );
  requireNone(faults, name);
  return { name, tree };
}

/** @throws Failure with all faults of a values file, each under the key as the file has it. */
export function requireNone(faults: readonly Fault[], name: string): void {
  if (faults.length === 0) return;
  const own = faults.map(fault => ({ ...fault, path: fault.path.replace(new RegExp(`^${namespace}:`), "") }));
  const next = `mend ${name}, then type the same command again`;
  throw new Failure(renderFaults(own, { subject: `Nothing was changed: ${name}`, next }), "");
}

function readTree(text: string, name: string): Tree {
  const next = `Mend ${name}; values.example.yaml of the bundle shows what may stand there. Then type the same command again.`;
  if (text.length > longest)
    throw new Failure(`${name} is longer than a values file can be, ${longest} characters`, next);
  const lineCounter = new LineCounter();
  let content: unknown;
  try {
    const document = parseDocument(text, { lineCounter, prettyErrors: false });
    const [error] = document.errors;
    if (error) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      throw new Failure(`${name} is no valid YAML: ${error.code} at line ${line}, column ${col}`, next);
    }
    content = document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch (error) {
    // An alias, or more levels than a reader has room for.
    throw error instanceof Failure ? error : new Failure(`${name} has aliases, or too many levels`, next);
  }
  if (!isTree(content)) throw new Failure(`${name} is no mapping of keys`, next);
  return content;
}
