// Attest: the licence texts of the npm packages that the installer carries in it. Their licences ask that the text goes along.
import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";

/** A package that is in the installer, and its terms. */
export interface PackageLicence {
  name: string;
  version: string;
  /** SPDX expression that the package declares. */
  licence: string;
  /** Content of its licence and notice files. */
  text: string;
}

const manifest = z.object({
  name: z.string(),
  version: z.string(),
  // Old packages write an object.
  license: z.union([z.string(), z.object({ type: z.string() }).transform(({ type }) => type)]).optional(),
});
const APACHE = "Apache-2.0";
const licenceFile = /^(licen[cs]e|copying|notice|copyright)([._-].*)?$/i;

/**
 * Directories of the packages that a build took files from.
 * @param inputs paths of the files that went in, as esbuild's metafile lists them
 */
export function packageDirectories(inputs: readonly string[]): string[] {
  const directories = inputs.flatMap(input => {
    const path = input.split(sep).join("/");
    const at = path.lastIndexOf("node_modules/");
    if (at < 0) return [];
    const [scope = "", name = ""] = path.slice(at + "node_modules/".length).split("/");
    return [`${path.slice(0, at)}node_modules/${scope.startsWith("@") ? `${scope}/${name}` : scope}`];
  });
  return [...new Set(directories)].sort();
}

/**
 * Licence texts of these packages. A package without a file of its own is given with what it declares; the
 * Apache licence's text is taken from another package then.
 * @param root directory that the paths are relative to
 * @throws Failure if a package neither brings a text nor declares a licence: it may not be handed on then
 */
export async function packageLicences(root: string, directories: readonly string[]): Promise<PackageLicence[]> {
  const found = await Promise.all(directories.map(directory => licenceOf(join(root, directory))));
  const unique = new Map(found.map(each => [`${each.name}@${each.version}`, each]));
  const sorted = [...unique].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, each]) => each);
  // The Apache licence names nobody, so any copy of it is the copy it asks for. Others begin with whose they are.
  const apache = sorted.find(each => each.licence === APACHE && each.text.includes("TERMS AND CONDITIONS FOR USE"));
  return sorted.map(each => {
    if (each.text) return each;
    const declared = `The package declares ${each.licence} and brings no text.\n`;
    return { ...each, text: each.licence === APACHE && apache ? `${declared}\n${apache.text}` : declared };
  });
}

/** One text with all of them, to lie in the release as `licenses/npm.txt`. */
export function licencesText(packages: readonly PackageLicence[]): string {
  const rule = "=".repeat(80);
  const parts = packages.map(
    ({ name, version, licence, text }) => `${rule}\n${name} ${version} (${licence})\n${rule}\n\n${text}`,
  );
  return `Packages from npm that the installer carries, and their terms.\n\n${parts.join("\n")}`;
}

async function licenceOf(directory: string): Promise<PackageLicence> {
  const { name, version, license } = manifest.parse(
    JSON.parse(await readFile(join(directory, "package.json"), "utf8")),
  );
  const files = (await readdir(directory, { withFileTypes: true }))
    .filter(entry => entry.isFile() && licenceFile.test(entry.name))
    .map(entry => entry.name)
    .sort();
  const texts = await Promise.all(files.map(file => readFile(join(directory, file), "utf8")));
  if (texts.length === 0 && !license)
    throw new Failure(
      `${name} ${version} goes into the installer, but names no licence`,
      `Nothing of it may be handed on so. Find out its terms, or do without it: \`npm explain ${name}\``,
    );
  const text = texts.map(each => `${each.trim()}\n`).join("\n");
  return { name, version, licence: license ?? "see the text", text };
}
