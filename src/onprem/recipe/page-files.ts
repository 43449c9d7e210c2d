// Recipe: what an operator reads: how to install, what can happen on their cluster, and the terms of all that they were given.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { installerParts } from "../../../toolchain/installer/parts";
import { installerScript } from "../../../toolchain/installer/script";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import type { ImageBom } from "../attest/image-boms";
import { imageLicencesText } from "../attest/image-licences";
import { licencesText, packageDirectories, packageLicences } from "../attest/npm-licences";
import type { ReleaseFile } from "../make/plan";
import { asInBundle, operatorIndex, operatorPages, runbookIndex } from "./operator-pages";

/** The guide for an operator and the runbooks of what can happen on a cluster, with links that hold in the bundle. */
export async function runbookFiles(): Promise<ReleaseFile[]> {
  const read = (source: string) => readFile(join(PROJECT_DIRECTORY, source), "utf8");
  const index = await read(runbookIndex);
  const titles = operatorPages(index);
  return Promise.all(
    [...titles].map(async ([source, title]) => {
      const text = source === runbookIndex ? operatorIndex(index) : await read(source);
      return { title, content: Buffer.from(asInBundle(source, text, titles)) };
    }),
  );
}

/**
 * Licences: of Palisade, of the Node runtime that the installer is, of the packages of npm in it, and of what the images hold.
 * @throws Failure if a package in the installer names no licence
 */
export async function licenceFiles(boms: readonly ImageBom[]): Promise<ReleaseFile[]> {
  const { node } = await installerParts();
  const directories = packageDirectories((await installerScript()).inputs);
  const packages = await packageLicences(PROJECT_DIRECTORY, directories);
  return [
    { title: "licenses/palisade.txt", content: await readFile(join(PROJECT_DIRECTORY, "LICENSE")) },
    { title: "licenses/node.txt", content: await readFile(join(dirname(node.amd64), "..", "LICENSE")) },
    { title: "licenses/npm.txt", content: Buffer.from(licencesText(packages)) },
    { title: "licenses/images.txt", content: Buffer.from(imageLicencesText(boms)) },
  ];
}
