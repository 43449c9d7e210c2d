// Bundle format: `config-manifest.yaml`, the checksum of each file of configuration, which is signed and travels with the release (RT-13).
import { createHash } from "node:crypto";
import { parse } from "yaml";
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";
import { version } from "./release";

/** Names that a manifest may hold: relative, and nothing above. */
const path = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/);

export const configManifest = z.strictObject({
  schema: z.literal(1),
  stack: z.string().max(63),
  environment: z.string().max(63),
  version,
  /** Commit the release was built from. */
  buildSha: z.string().regex(/^[0-9a-f]{40}$/),
  files: z
    .array(
      z.strictObject({
        path,
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        /** Bytes. */
        size: z.int().min(0),
      }),
    )
    .min(1)
    .max(1_000),
});
export type ConfigManifest = z.output<typeof configManifest>;

/** Characters; a thousand files take a fifth of that. */
const LIMIT = 1024 * 1024;

/**
 * The manifest's text: YAML with one form only, so that the same files give the same bytes.
 * @param about the release
 * @param files content by path
 * @throws Error if a path leads out of the release, or there is no file
 */
export function writeConfigManifest(
  about: Omit<ConfigManifest, "schema" | "files">,
  files: Readonly<Record<string, Uint8Array>>,
): string {
  const { stack, environment, version, buildSha } = about;
  const listed = Object.keys(files)
    .sort()
    .map(name => entry(name, files[name] ?? new Uint8Array()));
  const manifest = configManifest.parse({ schema: 1, stack, environment, version, buildSha, files: listed });
  // Each value in JSON's quotes, which are YAML's too: no value can be taken for another type, or for a line of its own.
  const lines = manifest.files.flatMap(each => [
    `  - path: ${JSON.stringify(each.path)}`,
    `    sha256: ${JSON.stringify(each.sha256)}`,
    `    size: ${each.size}`,
  ]);
  const head = Object.entries({ stack, environment, version, buildSha }).map(
    ([name, value]) => `${name}: ${JSON.stringify(value)}`,
  );
  return `${["schema: 1", ...head, "files:", ...lines].join("\n")}\n`;
}

/**
 * Checks files against a manifest whose signature was checked before. Every file of the manifest has to be there, and every
 * file given has to be in it.
 * @throws Failure naming the first file that is missing, altered or not listed
 */
export function checkConfigManifest(text: string, files: Readonly<Record<string, Uint8Array>>): ConfigManifest {
  const manifest = readConfigManifest(text);
  const listed = new Set(manifest.files.map(each => each.path));
  if (listed.size !== manifest.files.length) throw bad("it lists a file twice");
  const beside = Object.keys(files).find(name => !listed.has(name));
  if (beside !== undefined) throw bad(`${beside} is not in it`);
  for (const expected of manifest.files) {
    const bytes = Object.hasOwn(files, expected.path) ? files[expected.path] : undefined;
    if (bytes === undefined) throw bad(`${expected.path} is missing`);
    const found = entry(expected.path, bytes);
    if (found.sha256 !== expected.sha256 || found.size !== expected.size)
      throw bad(
        `${expected.path} has SHA-256 ${found.sha256} and ${found.size} bytes; listed are ${expected.sha256} and ${expected.size}`,
      );
  }
  return manifest;
}

/**
 * What a manifest says, not yet held against any file.
 * @throws Failure if it is in another form
 */
export function readConfigManifest(text: string): ConfigManifest {
  if (text.length > LIMIT) throw bad(`it has ${text.length} characters, more than ${LIMIT}`);
  let yaml: unknown;
  try {
    yaml = parse(text, { maxAliasCount: 0, uniqueKeys: true });
  } catch {
    throw bad("it is not YAML");
  }
  const found = configManifest.safeParse(yaml);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw bad(`it is not of this form (${issue?.path.join(".")}: ${issue?.message})`);
}

function entry(path: string, bytes: Uint8Array) {
  return { path, sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.byteLength };
}

const bad = (found: string) =>
  new Failure(
    `The config manifest does not match the release: ${found}`,
    "The release was altered or put together wrongly. Ask the vendor for the bundle again, and compare its checksum out of band.",
  );
