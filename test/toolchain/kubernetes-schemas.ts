// Toolchain tests: JSON schemas of Kubernetes' kinds, made from the specification of its own API, for whoever judges objects by them.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../toolchain/run";

/** The version whose API the objects are written for, and the checksum of its specification. */
export const kubernetesVersion = "1.33.0";
const specificationSha256 = "2af5abf98554af1599e516f31f7f1698085e6faa12b816401f569c097b9f7ef6";

type Schema = Record<string, unknown>;
interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

/** Fills a directory with a schema for each kind, as kubeconform looks for them. Unknown fields are refused. */
export async function writeSchemas(directory: string): Promise<void> {
  const definitions = await specification();
  mkdirSync(directory, { recursive: true });
  for (const [name, definition] of Object.entries(definitions))
    for (const { group, version, kind } of kindsOf(definition)) {
      const suffix = [group.replace(/\..*/, ""), version].filter(Boolean).join("-");
      const schema = { $ref: refTo(name), definitions: reachable(name, definitions) };
      writeFileSync(join(directory, `${kind}-${suffix}.json`.toLowerCase()), JSON.stringify(schema));
    }
}

/** The definitions of `swagger.json`, which the module of Kubernetes carries. */
async function specification(): Promise<Record<string, Schema>> {
  const asked = await run("go", ["mod", "download", "-json", `k8s.io/kubernetes@v${kubernetesVersion}`], {
    cwd: "/",
    env: { ...process.env, GO111MODULE: "on", GOWORK: "off", GOFLAGS: "-mod=mod" },
  });
  if (asked.code !== 0) throw new Error(`the module of Kubernetes cannot be had: ${asked.stderr || asked.stdout}`);
  const { Dir } = JSON.parse(asked.stdout) as { Dir: string };
  const text = readFileSync(join(Dir, "api", "openapi-spec", "swagger.json"));
  const found = createHash("sha256").update(text).digest("hex");
  if (found !== specificationSha256) throw new Error(`swagger.json has checksum ${found}, not ${specificationSha256}`);
  const { definitions } = JSON.parse(text.toString()) as { definitions: Record<string, Schema> };
  return Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, strict(name, schema)]));
}

/** What the API itself does to a definition: no unknown fields, and a port by number or by name. */
function strict(name: string, schema: Schema): Schema {
  if (name.endsWith(".intstr.IntOrString")) return { oneOf: [{ type: "string" }, { type: "integer" }] };
  // The schema of a custom resource's schema may say anything.
  if (!schema.properties || name.includes("JSONSchemaProps")) return schema;
  return { ...schema, additionalProperties: false };
}

function kindsOf(schema: Schema): GroupVersionKind[] {
  const kinds = schema["x-kubernetes-group-version-kind"];
  return Array.isArray(kinds) ? (kinds as GroupVersionKind[]) : [];
}

function reachable(name: string, all: Record<string, Schema>): Record<string, Schema> {
  const found: Record<string, Schema> = {};
  const waiting = [name];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const schema = all[next];
    if (!schema || next in found) continue;
    found[next] = schema;
    for (const [, other] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g))
      if (other) waiting.push(other);
  }
  return found;
}

function refTo(name: string): string {
  return `#/definitions/${name}`;
}
