// The bridged providers against the SDK: same types, same inputs. It is how the npm versions were chosen.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { ensureToolchain, type Toolchain } from "../../toolchain/toolchain";
import { PLUGIN_VERSIONS, type PluginName } from "../../toolchain/versions";

interface Schema {
  resources: Record<string, { inputProperties?: Record<string, unknown>; requiredInputs?: string[] }>;
}

let tools: Toolchain;
beforeAll(async () => {
  tools = await ensureToolchain();
});

describe.each(["aws", "random"] as const)("%s plugin", name => {
  test("has the version of the npm package", () => {
    const manifest = JSON.parse(readFileSync(join(PROJECT_DIRECTORY, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(manifest.dependencies[`@pulumi/${name}`]).toBe(PLUGIN_VERSIONS[name]);
  });

  test("takes just the inputs that the SDK offers, and needs just those", context => {
    const part = tools.parts.find(p => p.name === `${name} plugin`);
    // An official plugin has the SDK's inputs by construction, and brings no schema file.
    if (part?.origin !== "built") return context.skip();
    const schema = JSON.parse(readFileSync(join(dirname(part.path), "schema.json"), "utf8")) as Schema;
    const differences = Object.entries(schema.resources).flatMap(([token, resource]) => {
      const needed = new Set(resource.requiredInputs);
      const bridged = new Set(
        Object.keys(resource.inputProperties ?? {}).map(input => (needed.has(input) ? input : `${input}?`)),
      );
      const offered = sdkInputs(name, token);
      return [
        ...[...offered].filter(input => !bridged.has(input)).map(input => `${token}: SDK only: ${input}`),
        ...[...bridged].filter(input => !offered.has(input)).map(input => `${token}: plugin only: ${input}`),
      ];
    });
    expect(differences).toEqual([]);
  });
});

/** Arguments of a resource, read from the package's type declarations; those that may be left out end in `?`. */
function sdkInputs(name: PluginName, token: string): Set<string> {
  const [, path = "", type = ""] = token.split(":");
  const [, file] = path.startsWith("index/") ? ["", path.slice("index/".length)] : ["", path];
  const declaration = join(PROJECT_DIRECTORY, "node_modules", "@pulumi", name, `${file}.d.ts`);
  const source = ts.createSourceFile(declaration, readFileSync(declaration, "utf8"), ts.ScriptTarget.Latest);
  const inputs = new Set<string>();
  ts.forEachChild(source, node => {
    if (ts.isInterfaceDeclaration(node) && node.name.text === `${type}Args`)
      for (const member of node.members)
        if (member.name && ts.isIdentifier(member.name))
          inputs.add(member.questionToken ? `${member.name.text}?` : member.name.text);
  });
  return inputs;
}
