// Unit tests: every field that a specification can have says in its doc comment which control it serves.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";

/** Holds the schema of what services write, which as a whole is RT-23; its fields carry their description with them. */
const noSpecification = ["log-record.ts"];

const directory = join(PROJECT_DIRECTORY, "src/workload");
const files = readdirSync(directory).filter(file => file.endsWith(".ts") && !noSpecification.includes(file));

interface Field {
  /** Such as `service.description`. */
  name: string;
  /** All comments in front of it. */
  comment: string;
}

/** Fields of every schema of an object that stands at the top of a file. */
function fieldsOf(source: string): Field[] {
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true);
  return file.statements.filter(ts.isVariableStatement).flatMap(statement =>
    statement.declarationList.declarations.flatMap(({ name, initializer }) =>
      objectsIn(initializer).flatMap(object =>
        object.properties.map(property => ({
          name: `${name.getText()}.${property.name?.getText() ?? property.getText()}`,
          comment: (ts.getLeadingCommentRanges(source, property.getFullStart()) ?? [])
            .map(({ pos, end }) => source.slice(pos, end))
            .join("\n"),
        })),
      ),
    ),
  );
}

/** Literals that describe an object, along a chain of calls such as `z.strictObject({ … }).refine(…)`. */
function objectsIn(expression: ts.Expression | undefined): ts.ObjectLiteralExpression[] {
  if (!expression || !ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression))
    return [];
  const { name, expression: before } = expression.expression;
  const describes = ["object", "strictObject", "looseObject", "extend", "safeExtend"].includes(name.text);
  const own = describes ? expression.arguments.filter(ts.isObjectLiteralExpression) : [];
  return [...objectsIn(before), ...own];
}

const withoutControl = (fields: readonly Field[]) =>
  fields.filter(({ comment }) => !/\b[A-Z]{2}-\d+\b/.test(comment)).map(({ name }) => name);

describe("a field of the specification", () => {
  test.each(files)("says which control it serves: %s", file => {
    expect(withoutControl(fieldsOf(readFileSync(join(directory, file), "utf8")))).toEqual([]);
  });

  test("is found in each of the schemas", () => {
    const names = files.flatMap(file => fieldsOf(readFileSync(join(directory, file), "utf8")).map(({ name }) => name));
    for (const name of ["service.image", "shape.services", "vectors.index", "scaling.mode", "queue.consumers"])
      expect(names).toContain(name);
    expect(names.length).toBeGreaterThan(90);
  });

  test("is missed without a comment, without a control in it, and behind a call or in an extension", () => {
    const source = `
      export const one = z.strictObject({
        bare: z.string(),
        /** Says nothing of why. */
        idle: z.string(),
        /** Has a reason (SA-7). */
        sound: z.string(),
      }).refine(o => o.bare !== o.idle, { message: "same" });
      const two = one.extend({ short });
      const three = z.looseObject({ "quoted": z.string() }).optional();
      const table = { neither: 1 };`;
    expect(withoutControl(fieldsOf(source))).toEqual(["one.bare", "one.idle", "two.short", 'three."quoted"']);
  });
});
