// Config: what zod found, in the words of the fields.
import type { z } from "zod";
import { allowedNames, type Fault, faultAt, secretCommand } from "./faults";
import { allowedKey, fieldAt, knownKeys } from "./fields";
import { describeFound } from "./found";
import { otherModeWith, schemas } from "./modes";
import { type Faulty, type Path, valueAt } from "./paths";
import { Sealed } from "./sealed";
import type { Mode } from "./shared-schema";

type Issue = z.core.$ZodIssue;

const placeOf = (issue: Issue): Path => issue.path.map(step => (typeof step === "symbol" ? String(step) : step));

/** One fault per issue; an issue about several unknown keys gives one for each. */
export function issueFaults(mode: Mode, values: unknown, issues: readonly Issue[]): Fault[] {
  return schemaFaults(schemas[mode], values, issues, (path, key, names) => {
    const other = otherModeWith(mode, path, key);
    return other && { found: `a key of mode \`${other}\``, allowed: `in mode \`${mode}\`, ${names}` };
  });
}

/** What is said of a key that the schema does not know, where there is more to say than that. */
type KnownElsewhere = (path: Path, key: string, names: string) => Pick<Fault, "found" | "allowed"> | undefined;

/** The same for any schema that is made of fields. */
export function schemaFaults(
  schema: z.ZodType,
  values: unknown,
  issues: readonly Issue[],
  knownElsewhere: KnownElsewhere,
): Fault[] {
  return issues.flatMap(issue => {
    const path = placeOf(issue);
    const note = fieldAt(schema, path);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map(key => {
        const names = allowedNames(knownKeys(note.schema), key);
        const { found, allowed } = knownElsewhere(path, key, names) ?? { found: "an unknown key", allowed: names };
        return faultAt([...path, key], found, allowed, note.control);
      });
    if (issue.code === "invalid_key") {
      const section = fieldAt(schema, path.slice(0, -1));
      return [faultAt(path, "a key of another form", allowedKey(section.schema), section.control)];
    }
    const value = valueAt(values, path);
    if (note.secret) return [secretFault(path, value, note.allowed, note.control)];
    const allowed = value instanceof Sealed ? `${note.allowed}; in plain text, it is no secret` : note.allowed;
    return [faultAt(path, describeFound(path, value), allowed, note.control)];
  });
}

function secretFault(path: Path, value: unknown, allowed: string, control?: string): Fault {
  const found = value instanceof Sealed ? "an encrypted value of another form" : describeFound(path, value);
  return faultAt(path, found, `${allowed}: \`${secretCommand(path)}\``, control);
}

/** What no rule can work with. A list of the wrong length stays: its elements are still worth checking. */
export function faultyParts(issues: readonly Issue[]): Faulty {
  const keys: Path[] = [];
  const values: Path[] = [];
  for (const issue of issues) {
    const path = placeOf(issue);
    if (issue.code === "unrecognized_keys") keys.push(...issue.keys.map(key => [...path, key]));
    else if (issue.code === "invalid_key") keys.push(path);
    else if (!((issue.code === "too_small" || issue.code === "too_big") && issue.origin === "array")) values.push(path);
  }
  return { keys, values };
}
