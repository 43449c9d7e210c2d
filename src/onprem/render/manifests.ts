// Release: objects as YAML, the same bytes for the same objects, and the same objects for every reader (PF-3, PF-9).
import { Document, visit } from "yaml";
import { Failure } from "../../../toolchain/failure";
import type { KubernetesObject } from "../../components/kubernetes/object";
import { files } from "../format/release";

/**
 * One document for each object, in the order given. Texts that a reader of YAML 1.1 (kubectl) or of 1.2 could take for a
 * number, a switch or nothing are quoted.
 */
export function manifestsText(objects: readonly KubernetesObject[]): string {
  return objects.map(documentText).join("---\n");
}

function documentText(object: KubernetesObject): string {
  // By way of JSON: what an object leaves undefined is not there, and nothing stands for two places at once.
  const document = new Document(JSON.parse(JSON.stringify(object)), { version: "1.1" });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === "string" && isDoubtful(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
}

/** Several lines make a block, which is text to everybody, unless it begins or ends with what a block has rules of its own for. */
function isDoubtful(text: string): boolean {
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(text.replaceAll("\n", ""))) return true;
  return text.includes("\n") ? /^\s|\s\n$|[^\S\n]$/.test(text) : !/^[A-Za-z]/.test(text);
}

/**
 * What this installer makes without values must be what the vendor signed and people read.
 * @param text the manifests of the bundle
 * @throws Failure naming the first line that is another.
 */
export function requireSameManifests(objects: readonly KubernetesObject[], text: string): void {
  const made = manifestsText(objects);
  if (made === text) return;
  const lines = text.split("\n");
  const line = made.split("\n").findIndex((each, i) => each !== lines[i]);
  throw new Failure(
    `this installer would make other objects than ${files.manifests} of the bundle holds, from line ${line < 0 ? lines.length : line + 1} on`,
    "The installer is another version's: use the one that lies in the bundle.",
  );
}
