// Secrets on the spot: values from a file that its owner alone can read (SA-8). No error shows a value.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { parseDocument } from "yaml";
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";

/** Bytes; a file of secrets is small. */
const largest = 1024 * 1024;

const values = z.record(z.string().max(63), z.record(z.string().max(128), z.string().min(1).max(65_536)));

/**
 * YAML or JSON: workloads, and below each its variables: `router: { TELEGRAM_BOT_TOKEN: … }`. Values are texts.
 * @returns values by `workload.VARIABLE`
 * @throws Failure if others may read it, it is no plain file of this user, too large, or in another form
 */
export async function readSecretsFile(path: string): Promise<Map<string, string>> {
  const text = await readOwn(path);
  const next =
    'Allowed: workloads, and below each its variables with a text for each, such as\n  router:\n    TELEGRAM_BOT_TOKEN: "…"';
  const document = parseDocument(text, { schema: "failsafe", uniqueKeys: true, logLevel: "silent" });
  const line = document.errors[0]?.linePos?.[0].line;
  if (document.errors.length > 0)
    throw new Failure(`${path} is no YAML${line === undefined ? "" : `: see line ${line}`}`, next);
  const found = values.safeParse(plainOf(document));
  if (!found.success) {
    const places = found.error.issues.map(({ path: at }) => at.join(".") || "the file").slice(0, 10);
    throw new Failure(`${path} has something else than secrets: ${[...new Set(places)].join(", ")}`, next);
  }
  return new Map(
    Object.entries(found.data).flatMap(([workload, variables]) =>
      Object.entries(variables).map(([variable, value]) => [`${workload}.${variable}`, value] as const),
    ),
  );
}

/** Aliases could make much out of little: a file with one is no file of secrets. */
function plainOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}

async function readOwn(path: string): Promise<string> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const why = code === "ELOOP" ? "it is a link; allowed is a plain file" : code;
    throw new Failure(`secrets file ${path} cannot be read: ${why}`, `See: ls -l ${path}`);
  }
  try {
    // Of the open file: what lies at the path may be another by now.
    const about = await file.stat();
    if (!about.isFile()) throw new Failure(`secrets file ${path} is no plain file`, `See: ls -l ${path}`);
    const mode = about.mode & 0o777;
    if ((mode & 0o077) !== 0)
      throw new Failure(
        `secrets file ${path} has mode ${mode.toString(8).padStart(4, "0")}: others can read or write it; allowed is 0600`,
        `chmod 600 ${path}`,
      );
    if (process.getuid !== undefined && about.uid !== process.getuid() && process.getuid() !== 0)
      throw new Failure(
        `secrets file ${path} belongs to user ${about.uid}, not to the one at work`,
        `See: ls -ln ${path}`,
      );
    if (about.size > largest)
      throw new Failure(`secrets file ${path} has ${about.size} bytes; allowed are ${largest}`, `See: ls -l ${path}`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
