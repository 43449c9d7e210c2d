// Attest: what the SBOM of each image is called in a release: readable, of letters that a bundle takes, and never two alike. Pure.
import { createHash } from "node:crypto";
import type { Descriptor } from "../format/descriptor";

export interface Named {
  repository: string;
  /** Of the manifest that is read. */
  descriptor: Descriptor;
  /** Whether the image has more platforms, so that this one's is said. */
  isOneOfSeveral: boolean;
}

/** Characters of the name before `.cdx.json`: a bundle takes 128 in all. */
const LONGEST = 119;

/** Titles in the same order. A name that is too long, or that two would share, ends in twelve digits of a sum of what it names. */
export function bomTitles(boms: readonly Named[]): string[] {
  const names = boms.map(nameOf);
  return boms.map((bom, at) => {
    const name = names[at] ?? "";
    const isOwn = name.length <= LONGEST && names.indexOf(name) === names.lastIndexOf(name);
    return `sbom/${isOwn ? name : `${name.slice(0, LONGEST - 13)}-${sumOf(bom)}`}.cdx.json`;
  });
}

function nameOf({ repository, descriptor: { platform, digest }, isOneOfSeveral }: Named): string {
  const { os = "", architecture = digest.slice(7, 19), variant = "" } = platform ?? {};
  const of = isOneOfSeveral ? [os, architecture, variant].filter(Boolean) : [];
  return [repository, ...of].map(part => part.replace(/[^A-Za-z0-9._-]/g, part === repository ? "-" : "_")).join("-");
}

function sumOf({ repository, descriptor: { digest } }: Named): string {
  return createHash("sha256").update(`${repository}@${digest}`).digest("hex").slice(0, 12);
}
