// Installer: its program as one file of JavaScript, the same bytes wherever the checkout lies (RT-1).
import { existsSync, readFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sourceKey } from "../cache";
import { Failure } from "../failure";
import { make } from "../make";
import { type Report, step } from "../progress";
import { run } from "../run";

const root = join(__dirname, "..", "..");

/** Where the installer begins. */
const ENTRY = "src/onprem/installer/entry.ts";

/** What an input may lie in; the key covers all of these. */
const KNOWN = /^(src|toolchain)\/|^package\.json$|(^|\/)node_modules\//;
/** Packages that must not get in: they are for the building side, and what is not in there cannot be attacked there. */
const NOT_INSIDE = /(^|\/)node_modules\/(@pulumi|@grpc|esbuild|tsx)\//;

const TIMEOUT_MS = 120_000;
const SCRIPT = "palisade.cjs";
const INPUTS = "inputs.json";

/** The installer's program. */
export interface InstallerScript {
  /** The file, in the cache. */
  path: string;
  /** Files that went into it, relative to the project: whose licences go along. */
  inputs: string[];
}

/**
 * Bundles the installer's entry and all it imports, or finds that in the cache under the checksum of this project's source and of
 * the packages that are installed: esbuild takes 300 MB. `INSTALLER_VERSION` in the source becomes the version in package.json.
 * @throws Failure if it does not bundle, or draws in packages of the building side
 */
export async function installerScript(report: Report = step): Promise<InstallerScript> {
  const making = { name: "installer-script", key: scriptKey(), title: "the installer's program: bundling" };
  const directory = await make(report, making, bundle);
  return {
    path: join(directory, SCRIPT),
    inputs: JSON.parse(await readFile(join(directory, INPUTS), "utf8")) as string[],
  };
}

function scriptKey(): string {
  // The last one is npm's own list of what it has installed.
  const files = ["package.json", "package-lock.json", "tsconfig.json", "node_modules/.package-lock.json"];
  const contents = files.map(file => (existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : ""));
  return sourceKey(join(root, "src"), sourceKey(join(root, "toolchain")), ...contents);
}

/** By a program of its own, which gives its memory back before anything else is done. */
async function bundle(directory: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const metafile = join(directory, "metafile.json");
  const args = [
    ...[require.resolve("esbuild/bin/esbuild"), ENTRY, "--bundle", `--outfile=${join(directory, SCRIPT)}`],
    ...["--platform=node", "--target=node24", "--format=cjs", "--minify", "--keep-names", "--legal-comments=none"],
    // node-fetch takes Node's own URL where there is one; the other has tables of 5 MB in memory.
    "--alias:whatwg-url=node:url",
    ...[`--define:INSTALLER_VERSION=${JSON.stringify(version)}`, `--metafile=${metafile}`, "--log-level=error"],
  ];
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { code, stderr } = await run(process.execPath, args, { cwd: root, env, timeoutMs: TIMEOUT_MS });
  if (code !== 0) throw new Failure(`the installer does not bundle: ${stderr.trim()}`, "Run `npm run typecheck`.");
  const { inputs } = JSON.parse(await readFile(metafile, "utf8")) as { inputs: Record<string, unknown> };
  await rm(metafile);
  const found = Object.keys(inputs).map(inProject);
  const foreign = found.find(input => NOT_INSIDE.test(input) || !KNOWN.test(input));
  if (foreign)
    throw new Failure(
      `the installer would contain ${foreign}, which only the building side needs`,
      "Import only types from there: `import type`.",
    );
  await writeFile(join(directory, INPUTS), JSON.stringify(found));
}

/** Where node_modules is a link, esbuild names what it points to; another checkout with these packages has it elsewhere. */
const inProject = (input: string) => (input.startsWith("..") ? input.slice(input.indexOf("node_modules/")) : input);
