// Config: a stack file, `Pulumi.<stack>.yaml`, as values and secret markers. Nothing is decrypted.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import type { Fault } from "./faults";
import { children, isTree, type Path, writePlace } from "./paths";
import { decode, type RawConfig } from "./raw";
import { Sealed } from "./sealed";

export interface StackFile {
  readonly raw: RawConfig;
  /** Stack the file belongs to, by its name. */
  readonly stack?: string;
  /** What is wrong with the file itself, before its values are looked at. */
  readonly faults: readonly Fault[];
}

export function stackFileName(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/** Reads a stack file; one that cannot be read or is not YAML is a fault like any other. */
export function readStackFile(path: string): StackFile {
  const stack = /^Pulumi\.(.+)\.ya?ml$/.exec(basename(path))?.[1];
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "an error";
    return { raw: new Map(), stack, faults: [{ path, found: `no readable file (${code})`, allowed: "a stack file" }] };
  }
  return { stack, ...parseStackFile(text, path) };
}

/** What the engine itself keeps in a stack file besides `config`. */
const engineKeys = ["config", "encryptionsalt", "secretsprovider", "encryptedkey", "environment"];

export function parseStackFile(text: string, name: string): Pick<StackFile, "raw" | "faults"> {
  const document = parseYaml(text);
  if ("fault" in document) return { raw: new Map(), faults: [{ path: name, ...document.fault }] };
  const { content } = document;
  if (!isTree(content) || !isTree(content.config))
    return { raw: new Map(), faults: [{ path: name, found: "no `config`", allowed: "a mapping `config` of keys" }] };
  const faults: Fault[] = Object.keys(content)
    .filter(key => !engineKeys.includes(key))
    .map(key => ({
      path: `${name}, ${key}`,
      found: "an unknown key",
      allowed: `one of ${engineKeys.join(", ")}; settings stand under \`config\``,
    }));
  const raw = Object.entries(content.config).map(([key, value]): [string, unknown] => [
    key,
    seal(decode(value), key, [], faults),
  ]);
  return { raw: new Map(raw), faults };
}

/** Puts every `secure:` node into a box, and says so if its content is no ciphertext. */
function seal(node: unknown, key: string, path: Path, faults: Fault[]): unknown {
  if (isTree(node) && Object.keys(node).length === 1 && typeof node.secure === "string") {
    if (!isCiphertext(node.secure))
      faults.push({
        path: writePlace(key, path),
        found: "plain text under `secure`",
        allowed: `ciphertext, as written by \`pulumi config set --secret --path '${writePlace(key, path)}'\``,
        control: "PF-7",
      });
    return new Sealed();
  }
  if (Array.isArray(node)) return node.map((child, i) => seal(child, key, [...path, i], faults));
  if (!isTree(node)) return node;
  return Object.fromEntries(children(node).map(([step, child]) => [step, seal(child, key, [...path, step], faults)]));
}

/** `v1:` nonce and text from a passphrase or a cloud key; Pulumi Cloud's own begins with its version bytes. */
function isCiphertext(text: string): boolean {
  return /^v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/]{22,}={0,2}$/.test(text) || /^AAABA[A-Za-z0-9+/]{27,}={0,2}$/.test(text);
}

/** Messages name the place and never quote the text: a line that does not parse may hold a secret. */
function parseYaml(text: string): { content: unknown } | { fault: Pick<Fault, "found" | "allowed"> } {
  // Loaded on first use: a program without secrets starts without a YAML parser.
  const { LineCounter, parseDocument } = createRequire(__filename)("yaml") as typeof import("yaml");
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    return { fault: { found: `${error.code} at line ${line}, column ${col}`, allowed: "valid YAML" } };
  }
  try {
    return { content: document.toJS() };
  } catch {
    return { fault: { found: "an alias without its anchor", allowed: "valid YAML" } };
  }
}
