// Sandbox tests: looks for secret values where none may be (PF-7), in every form in which a value is usually written.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { AwsApi } from "./aws-api";

/** Something that was written: a file, or what a command printed. */
export interface Place {
  name: string;
  text: string;
}

/** Secret values by a name that may be printed. */
export type Secrets = ReadonlyMap<string, string>;

/** Below it a value turns up by chance; nothing shorter is worth being called a secret. */
export const SHORTEST_SECRET = 12;

/** Every leak as `secret in place, form`; never the value, which a failing test would print. */
export function leaks(secrets: Secrets, places: readonly Place[]): string[] {
  return [...secrets].flatMap(([secret, value]) => {
    if (value.length < SHORTEST_SECRET) throw new Error(`secret \`${secret}\` is too short to be looked for`);
    const forms = Object.entries(formsOf(value));
    return places.flatMap(({ name, text }) =>
      forms
        .filter(([, written]) => written.some(form => text.includes(form)))
        .map(([form]) => `${secret} in ${name}, ${form}`),
    );
  });
}

function formsOf(value: string): Record<string, string[]> {
  const json = JSON.stringify(value).slice(1, -1);
  return {
    raw: [value],
    // Go's encoder writes these three as escapes; a document in a document is escaped twice.
    json: [json, JSON.stringify(json).slice(1, -1), json.replace(/[<>&]/g, hexEscape)],
    url: [encodeURIComponent(value), new URLSearchParams({ "": value }).toString().slice(1)],
    base64: [0, 1, 2].flatMap(shift => {
      const text = base64Core(value, shift);
      return [text, text.replaceAll("+", "-").replaceAll("/", "_")];
    }),
    hex: [Buffer.from(value).toString("hex")],
  };
}

function hexEscape(character: string): string {
  return `\\u00${character.charCodeAt(0).toString(16)}`;
}

/** The characters that depend on the value alone, when `shift` bytes come before it and any number after. */
function base64Core(value: string, shift: number): string {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]);
  return bytes.toString("base64").slice(Math.ceil((shift * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

/** Every file below a directory, but those named. */
export function filesBelow(directory: string, except: readonly string[] = []): Place[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(file => !except.includes(file))
    .map(file => ({ name: relative(directory, file), text: readFileSync(file, "utf8") }));
}

/** What marks a secret in an exported state; `plaintext` holds its value as JSON. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

/** Values of all secrets in a state that was exported with `--show-secrets`, by resource and property. */
export function secretsOfState(exported: string): Map<string, string> {
  const { deployment } = JSON.parse(exported) as { deployment: { resources?: { urn: string }[] } };
  const found = new Map<string, string>();
  for (const resource of deployment.resources ?? [])
    for (const [path, value] of markedTexts(resource)) found.set(`${resource.urn.split("::").at(-1)}${path}`, value);
  return found;
}

function markedTexts(node: unknown, path = "", marked = false): [string, string][] {
  if (typeof node === "string") return marked && node.length >= SHORTEST_SECRET ? [[path, node]] : [];
  if (node === null || typeof node !== "object") return [];
  if ("plaintext" in node && SECRET_MARK in node) return markedTexts(JSON.parse(String(node.plaintext)), path, true);
  return Object.entries(node).flatMap(([key, child]) => markedTexts(child, `${path}.${key}`, marked));
}

/** A stored secret, and each long text in it if it is a JSON document, as RDS keeps user and password. */
function secretsOfStore(name: string, stored: string): [string, string][] {
  if (stored === "") return [];
  try {
    const inside = markedTexts(JSON.parse(stored), name, true);
    return [[name, stored], ...inside.filter(([, value]) => value !== stored)];
  } catch {
    return [[name, stored]];
  }
}

/** Values of all secrets in Secrets Manager, and of all secure parameters. One that an operator has yet to supply has none. */
export async function storedSecrets(api: AwsApi): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const { SecretList } = await api.json<{ SecretList: { ARN: string; Name: string }[] }>(
    "secretsmanager",
    "ListSecrets",
  );
  for (const { ARN, Name } of SecretList)
    for (const [name, value] of secretsOfStore(Name, await secretString(api, ARN))) found.set(name, value);
  const { Parameters } = await api.json<{ Parameters: { Name: string; Type: string; Value: string }[] }>(
    "ssm",
    "GetParametersByPath",
    { Path: "/", Recursive: true, WithDecryption: true },
  );
  // A throttle is encrypted as all parameters are, and is no secret.
  for (const { Name, Type, Value } of Parameters)
    if (Type === "SecureString" && !Value.startsWith("{")) found.set(Name, Value);
  return found;
}

async function secretString(api: AwsApi, SecretId: string): Promise<string> {
  try {
    const { SecretString } = await api.json<{ SecretString: string }>("secretsmanager", "GetSecretValue", { SecretId });
    return SecretString;
  } catch (error) {
    if (error instanceof Error && error.message.includes("for staging label: AWSCURRENT")) return "";
    throw error;
  }
}
