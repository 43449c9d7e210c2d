// Release: an example of a values file: what the bundle says itself, and each key that it leaves out, with its description. Pure.
import { isMap, type Pair, parseDocument, type Scalar, stringify, type YAMLMap } from "yaml";
import type { z } from "zod";
import { bare, fieldAt, knownKeys } from "../../config/fields";
import { isTree, type Path, type Tree } from "../../config/paths";
import { isPinned } from "./values-rules";
import { valuesSchema } from "./values-schema";

/** As it is, it changes nothing: every value in it is the bundle's own. */
export function valuesExample(stack: string, config: Tree): string {
  const own = openPart(config, valuesSchema) as Tree;
  const document = parseDocument(stringify(own, { lineWidth: 0 }));
  if (isMap(document.contents)) describeKeys(document.contents, [], own);
  const head = [
    `Values of stack \`${stack}\`: what may be said where its bundle is installed. As it stands here it changes nothing.`,
    "Leave out what stays, change what does not. null takes a key of the bundle away; a list takes the place of the other.",
  ];
  return `${head.map(line => `# ${line}\n`).join("")}\n${document.toString({ lineWidth: 0 })}`;
}

/** The part of a configuration that values may set. */
function openPart(value: unknown, schema: z.ZodType): unknown {
  if (!isTree(value)) return value;
  const open = isRecord(schema) ? Object.keys(value) : knownKeys(schema);
  const entries = open
    .filter(key => Object.hasOwn(value, key) && !isPinned(value[key]))
    .map(key => [key, openPart(value[key], fieldAt(schema, [key]).schema)] as const)
    // A section of which nothing is open: it is named among those that may be added.
    .filter(([key, part]) => !isEmpty(part) || isEmpty(value[key]));
  return Object.fromEntries(entries);
}

const isEmpty = (value: unknown) => isTree(value) && Object.keys(value).length === 0;
const isRecord = (schema: z.ZodType) => "keyType" in bare(schema);

/** A line of description before each key, and one for each key that may stand there and does not. */
function describeKeys(map: YAMLMap, path: Path, value: Tree): void {
  const { schema } = fieldAt(valuesSchema, path);
  const known = knownKeys(schema);
  for (const pair of map.items as Pair<Scalar<string>, unknown>[]) {
    const at = [...path, pair.key.value];
    const note = known.length > 0 ? fieldAt(valuesSchema, at).schema.description : undefined;
    if (note) pair.key.commentBefore = ` ${note}`;
    const below = value[pair.key.value];
    if (isMap(pair.value) && isTree(below)) describeKeys(pair.value, at, below);
  }
  const missing = known.filter(key => !Object.hasOwn(value, key));
  if (missing.length > 0)
    map.comment = missing
      .map(key => ` ${key}: ${fieldAt(valuesSchema, [...path, key]).schema.description ?? ""}`)
      .join("\n");
}
