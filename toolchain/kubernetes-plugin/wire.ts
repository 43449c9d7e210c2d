// Kubernetes plugin: Pulumi's property values and what Kubernetes understands. Secrets and unknowns are kept apart from values.
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isObject, type Json, type JsonObject } from "../../src/kubernetes/json";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const NOT_PLAIN: Record<string, string> = {
  c44067f5952c0a294b673a41bacd8c17: "an asset",
  "0def7320c3a5731c473e5ecbe6d01bc7": "an archive",
  "5cf8f73096256a8f31e491e813e4eb8e": "a resource",
};

/** What stands where a value is not known before the update; one marker for all of Pulumi's kinds. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWNS = new Set([
  UNKNOWN,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/**
 * Where the secrets are: `true` for a whole value, otherwise by key. A list with a secret in it is a secret as a whole,
 * as with the official provider: its order may change, and a value that moved must not come to light.
 */
export type Secrets = true | { [key: string]: Secrets };

export interface Properties {
  value: JsonObject;
  secrets: Secrets;
}

/** Fields whose names TypeScript cannot write are spelled with underscores in the SDK. */
const DASHED = /^x_kubernetes_[a-z_]+$/;
const UNDERSCORED = /^x-kubernetes-[a-z-]+$/;

/** Reads a message. Nulls in objects are left out, as the official provider does. */
export function fromStruct(struct: Struct | undefined): Properties {
  const { value, secrets } = unwrap((struct?.toJavaScript() ?? {}) as Json, "");
  return { value: isObject(value) ? value : {}, secrets: secrets ?? {} };
}

function unwrap(wire: Json, where: string): { value: Json; secrets?: Secrets } {
  if (typeof wire === "string") return { value: UNKNOWNS.has(wire) ? UNKNOWN : wire };
  if (Array.isArray(wire)) {
    const elements = wire.map((element, i) => unwrap(element, `${where}[${i}]`));
    return { value: elements.map(e => e.value), secrets: elements.some(e => e.secrets) ? true : undefined };
  }
  if (!isObject(wire)) return { value: wire };
  const signature = wire[SIGNATURE];
  if (signature === SECRET) return { value: unwrap(wire.value ?? null, where).value, secrets: true };
  if (signature === OUTPUT) {
    const inner = unwrap(wire.value ?? UNKNOWN, where);
    return wire.secret === true ? { value: inner.value, secrets: true } : inner;
  }
  if (typeof signature === "string")
    throw new Error(
      `\`${where}\` is ${NOT_PLAIN[signature] ?? "of a kind this plugin does not know"}; Kubernetes objects hold plain values`,
    );
  const entries = Object.entries(wire)
    .filter(([, child]) => child !== null)
    .map(([key, child]) => ({
      name: DASHED.test(key) ? key.replaceAll("_", "-") : key,
      ...unwrap(child, where ? `${where}.${key}` : key),
    }));
  const marked = entries.flatMap(({ name, secrets }) => (secrets ? [[name, secrets] as const] : []));
  return {
    value: Object.fromEntries(entries.map(({ name, value }) => [name, value])),
    secrets: marked.length > 0 ? Object.fromEntries(marked) : undefined,
  };
}

/** Writes a message; what `secrets` names goes out sealed for the engine to encrypt. */
export function toStruct(value: JsonObject, secrets: Secrets = {}): Struct {
  return Struct.fromJavaScript(wrap(value, secrets) as { [key: string]: JavaScriptValue });
}

function wrap(value: Json, secrets: Secrets | undefined): Json {
  if (secrets === true) return { [SIGNATURE]: SECRET, value: wrap(value, undefined) };
  if (Array.isArray(value)) return value.map(element => wrap(element, undefined));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      UNDERSCORED.test(key) ? key.replaceAll("-", "_") : key,
      wrap(child, secrets?.[key]),
    ]),
  );
}

/** Whether anything in a value is not known yet. */
export function hasUnknown(value: Json | undefined): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}
