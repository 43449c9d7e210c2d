// Kubernetes plugin: manifests in a directory instead of objects in a cluster, in the official layout. Never with a secret in clear.
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Document, visit } from "yaml";
import { isObject, type JsonObject, nameOf, namespaceOf, pathText, textAt } from "../../src/kubernetes/json";
import { isSecret } from "../../src/kubernetes/secret";
import type { Refusal } from "./config";
import { secretPaths } from "./secrets";
import { isBuiltIn } from "./tokens";
import type { Properties } from "./wire";

/** File names come from objects; nothing that could leave the directory passes. */
const SAFE = /^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/i;

/**
 * The file of an object below the directory: definitions in `0-crd`, everything else in `1-manifest`, so that applying
 * them in order works.
 * @throws Error naming a name that cannot be a file's
 */
export function renderPath(object: JsonObject): string {
  const apiVersion = textAt(object, "apiVersion");
  const kind = textAt(object, "kind");
  for (const part of [kind, namespaceOf(object) || "default", nameOf(object), apiVersion.replace("/", "-")])
    if (!SAFE.test(part)) throw new Error(`\`${part}\` cannot be part of the name of a rendered manifest`);
  const room = isBuiltIn(apiVersion) && kind === "CustomResourceDefinition" ? "0-crd" : "1-manifest";
  const file = [apiVersion, kind.toLowerCase(), namespaceOf(object) || "default", nameOf(object)].join("-");
  return join(room, `${file.replace(/[/:]/g, "_")}.yaml`);
}

/**
 * A manifest with its keys in order. Texts that a reader of YAML 1.1 (kubectl) or of 1.2 could take for a number, a switch
 * or nothing are quoted.
 */
export function manifest(object: JsonObject): string {
  const document = new Document(object, { version: "1.1", sortMapEntries: true });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === "string" && !/^[A-Za-z]|\n/.test(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** What keeps an object from being rendered: secrets would lie in a file in clear. */
export function renderRefusals({ value, secrets }: Properties): Refusal[] {
  if (isSecret(value)) {
    const holding = ["data", "stringData"].filter(key =>
      isObject(value[key]) ? Object.keys(value[key]).length > 0 : key in value,
    );
    return holding.map(property => ({
      property,
      reason:
        "holds values of a Secret, which would lie in the rendered manifest in clear. Leave the values out and let whoever " +
        "applies the manifests make the Secret, from a sealed form or a secret store.",
    }));
  }
  return secretPaths(value, secrets).map(path => ({
    property: pathText(path),
    reason:
      "is a secret, which would lie in the rendered manifest in clear. Put the value into a Secret that is made where the " +
      "manifests are applied, and refer to it, e.g. by `valueFrom.secretKeyRef`.",
  }));
}

/** Writes the manifest, whole or not at all. Readable by the user alone, as the official provider does. */
export async function render(directory: string, object: JsonObject): Promise<string> {
  for (const room of ["0-crd", "1-manifest"]) await mkdir(join(directory, room), { recursive: true, mode: 0o700 });
  const file = join(directory, renderPath(object));
  await writeFile(`${file}.new`, manifest(object), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return file;
}

/** Whether the manifest lies there as it would be written. One that is gone, or was changed by hand, does not. */
export async function isRendered(directory: string, object: JsonObject): Promise<boolean> {
  const text = await readFile(join(directory, renderPath(object)), "utf8").catch(() => undefined);
  return text === manifest(object);
}

export async function unrender(directory: string, object: JsonObject): Promise<string> {
  const file = join(directory, renderPath(object));
  await rm(file, { force: true });
  return file;
}
