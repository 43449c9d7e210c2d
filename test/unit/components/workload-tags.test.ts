import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { taggable } from "../../../src/components/aws/workload-tags";
import { only, type Registered } from "../record";
import { recordPipeline } from "./pipeline-stack";

const provider = dirname(createRequire(__filename).resolve("@pulumi/aws/package.json"));
const components = join(__dirname, "../../../src/components/aws");

/** Whether the provider's types give a class a mapping of tags, and its type token. */
function tagsOf(module: string, name: string): { token: string; tags: boolean } {
  const file = join(provider, module, name.charAt(0).toLowerCase() + name.slice(1));
  const token = /__pulumiType = '([^']+)'/.exec(readFileSync(`${file}.js`, "utf8"))?.[1] ?? "";
  const types = readFileSync(`${file}.d.ts`, "utf8");
  return { token, tags: /^ {4}tags\?: pulumi\.Input<\{/m.test(types.slice(types.indexOf(`interface ${name}Args`))) };
}

/** Every resource class of AWS that a component makes, with its module. */
function madeByComponents(): [string, string][] {
  return readdirSync(components)
    .filter(file => file.endsWith(".ts"))
    .flatMap(file => {
      const source = readFileSync(join(components, file), "utf8");
      const modules = new Map(
        [...source.matchAll(/import \* as (\w+) from "@pulumi\/aws\/(\w+)"/g)].map(m => [m[1] ?? "", m[2] ?? ""]),
      );
      return [...source.matchAll(/new (\w+)\.([A-Z]\w+)\(/g)].flatMap(
        ([, alias = "", name = ""]): [string, string][] => {
          const module = modules.get(alias);
          return module ? [[module, name]] : [];
        },
      );
    });
}

test("the list of taggable types is what the provider says of everything the components make", () => {
  const made = madeByComponents();
  expect(made.length).toBeGreaterThan(60);
  const wrong = made
    .map(([module, name]) => tagsOf(module, name))
    .filter(({ token, tags }) => tags !== taggable.has(token))
    .map(({ token, tags }) => `${token} ${tags ? "has tags and is not in the list" : "has none and is in the list"}`);
  expect([...new Set(wrong)]).toEqual([]);
});

describe("costs are told apart (CP-12)", () => {
  let all: Registered[];
  beforeAll(async () => {
    all = await recordPipeline();
  });

  test("everything of the workload that can carry tags carries its own, the foundation does not", () => {
    const own = all.filter(r => r.name.startsWith("pipeline-dev") && taggable.has(r.type));
    expect(own.length).toBeGreaterThan(50);
    for (const { name, inputs } of own)
      expect({ name, tags: inputs.tags }).toMatchObject({ tags: { "palisade:workload": "pipeline-dev" } });
    for (const { name, inputs } of all.filter(r => r.name.startsWith("palisade-dev")))
      expect({ name, text: JSON.stringify(inputs.tags ?? {}) }).toMatchObject({
        text: expect.not.stringContaining("palisade:workload"),
      });
  });

  test("machines and their disks carry it, though a group and a template start them", () => {
    expect(only(all, "aws:autoscaling/group:Group").inputs.tags).toContainEqual({
      key: "palisade:workload",
      value: "pipeline-dev",
      propagateAtLaunch: true,
    });
    const { tagSpecifications } = only(all, "aws:ec2/launchTemplate:LaunchTemplate").inputs;
    expect(tagSpecifications).toEqual(
      ["instance", "volume", "network-interface"].map(resourceType => ({
        resourceType,
        tags: { "palisade:workload": "pipeline-dev" },
      })),
    );
  });

  test("tags a component gives by itself stay", () => {
    const secret = only(all, "aws:secretsmanager/secret:Secret", "pipeline-dev-gemini-api-key");
    expect(secret.inputs.tags).toMatchObject({
      "palisade:secret": "GEMINI_API_KEY",
      "palisade:workload": "pipeline-dev",
    });
  });

  test("the workload's budget counts just that tag", () => {
    expect(only(all, "aws:budgets/budget:Budget").inputs.costFilters).toEqual([
      { name: "TagKeyValue", values: ["user:palisade:workload$pipeline-dev"] },
    ]);
  });
});
