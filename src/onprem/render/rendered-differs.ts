// Release: whether the manifests that `pulumi up` rendered are those of the stack as it is now. A stale rendering makes no bundle (PF-3, RT-13).
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments } from "yaml";
import { Failure } from "../../../toolchain/failure";
import { describe, type KubernetesObject } from "../../components/kubernetes/object";

/** Directories that the provider writes into: definitions, and everything else. */
const rooms = ["0-crd", "1-manifest"];

export interface Difference {
  /** Of an object, such as `Deployment sanctum-prod/backend`, or the path of a file that holds none. */
  of: string;
  is: "not rendered" | "rendered otherwise" | "rendered and no longer of the stack" | "no manifest";
}

/** What differs, in the order of `objects` and then of the files; none if all is as it should be. */
export async function renderedDiffers(directory: string, objects: readonly KubernetesObject[]): Promise<Difference[]> {
  const found = new Map<string, KubernetesObject>();
  const unread: Difference[] = [];
  for (const file of await manifestFiles(directory)) {
    const documents = parseAllDocuments(await readFile(join(directory, file), "utf8"), { version: "1.1" });
    const read = Array.isArray(documents) ? documents.map(document => readObject(document)) : [];
    if (read.length === 0 || read.includes(undefined)) unread.push({ of: file, is: "no manifest" });
    for (const object of read) if (object) found.set(keyOf(object), object);
  }
  const wanted = new Map(objects.map(object => [keyOf(object), object]));
  const missing = [...wanted].flatMap(([key, object]): Difference[] => {
    if (!found.has(key)) return [{ of: describe(object), is: "not rendered" }];
    const plain: unknown = JSON.parse(JSON.stringify(object));
    return isDeepStrictEqual(found.get(key), plain) ? [] : [{ of: describe(object), is: "rendered otherwise" }];
  });
  const left = [...found]
    .filter(([key]) => !wanted.has(key))
    .map(([, object]): Difference => ({ of: describe(object), is: "rendered and no longer of the stack" }));
  return [...missing, ...left, ...unread];
}

/** @throws Failure naming what differs, and the command that renders the stack as it is now. */
export async function requireRendered(
  directory: string,
  objects: readonly KubernetesObject[],
  stack: string,
): Promise<void> {
  const differences = await renderedDiffers(directory, objects);
  if (differences.length === 0) return;
  const shown = differences.slice(0, most).map(({ of, is }) => `  ${of}: ${is}`);
  // What the engine does not know of, it does not take away.
  const isForeign = differences.some(({ is }) => is === "no manifest" || is.endsWith("of the stack"));
  const first = isForeign ? `rm -r ${directory} && ` : "";
  const more = differences.length > most ? [`  … and ${differences.length - most} more`] : [];
  throw new Failure(
    [`the manifests in ${directory} are not those of stack \`${stack}\` as it is now:`, ...shown, ...more].join("\n"),
    `Next: ${first}pulumi up --refresh --stack ${stack}`,
  );
}

const most = 10;

async function manifestFiles(directory: string): Promise<string[]> {
  const lists = await Promise.all(
    rooms.map(async room => {
      const names = await readdir(join(directory, room)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return [];
        throw error;
      });
      return names.sort().map(name => join(room, name));
    }),
  );
  return lists.flat();
}

/** Undefined for what is no object, or does not parse. */
function readObject(document: { errors: readonly unknown[]; toJS: () => unknown }): KubernetesObject | undefined {
  if (document.errors.length > 0) return undefined;
  const { apiVersion, kind, metadata } = (document.toJS() ?? {}) as Partial<KubernetesObject>;
  const isObject = typeof apiVersion === "string" && typeof kind === "string" && typeof metadata?.name === "string";
  return isObject ? (document.toJS() as KubernetesObject) : undefined;
}

const keyOf = (object: KubernetesObject) => `${object.apiVersion} ${describe(object)}`;
