// Support bundle: one file for support, with a page of what is in it and what is not; its owner reads it before it is sent (RT-23, SA-8).
import { createHash } from "node:crypto";
import { stringify } from "yaml";
import { type SupportFile, writeArchive } from "./archive";
import { collect } from "./collect";
import type { LeftOut, SupportInputs } from "./inputs";

/** Title of the page that says what is in the archive. */
const manifestName = "manifest.yaml";

/** Left out of every support bundle. */
const always: readonly LeftOut[] = [
  { what: "values of Secrets, and their forms in base64, URLs and JSON", why: "secret" },
  {
    what: "contents of ConfigMaps, values of variables, arguments, annotations of others",
    why: "they may hold secrets; those of the release are in its bundle",
  },
  {
    what: "all free text in logs, but for known phrases such as `permission denied`",
    why: "it may hold what users said",
  },
  { what: "credentials, tokens, keys and e-mail addresses everywhere", why: "they may name people or let somebody in" },
];

/**
 * @param out path of the file to write, such as `palisade-support.tar.gz`
 * @returns one line
 * @throws Failure if the file cannot be written
 */
export async function supportBundle(inputs: SupportInputs, out: string): Promise<string> {
  const { files, leftOut } = await collect(inputs);
  const page: SupportFile = { name: manifestName, text: manifestText(inputs.now, files, leftOut) };
  const bytes = await writeArchive(out, [page, ...files]);
  return `${out}: ${files.length + 1} files, ${bytes} bytes${leftOut.length > 0 ? `; ${leftOut.length} things could not be had, see its ${manifestName}` : ""}. Read it before you send it.`;
}

/** Pure. */
function manifestText(now: string, files: readonly SupportFile[], leftOut: readonly LeftOut[]): string {
  const about = files.map(({ name, text }) => ({
    name,
    bytes: Buffer.byteLength(text),
    sha256: createHash("sha256").update(text).digest("hex"),
  }));
  return stringify({ collectedAt: now, files: about, leftOut: [...always, ...leftOut] });
}
