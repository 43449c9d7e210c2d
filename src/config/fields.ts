// Config: how a field of the schema describes itself, and the small vocabularies the fields share.
import { z } from "zod";
import { hostName } from "../workload/names";
import { parseCidr } from "./cidr";
import type { Path } from "./paths";
import { regionNames } from "./regions";
import { Sealed } from "./sealed";

interface About {
  /** What may stand here, for the message of a fault. */
  readonly allowed: string;
  readonly controls: readonly string[];
  readonly secret: boolean;
}

const abouts = z.registry<About>();

interface Text {
  /** What the field decides, as a sentence. */
  is: string;
  unit?: string;
  controls?: readonly string[];
  /** Needed where the schema itself does not say it in words: formats, mostly. */
  allowed?: string;
}

/** Gives a schema its documentation: the JSON Schema, the editor and the fault messages all speak these words. */
export function field<T extends z.ZodType>(schema: T, { is, unit, controls = [], allowed }: Text): T {
  const described = schema.describe(
    [is, unit && `Unit: ${unit}.`, controls.length > 0 && `Controls: ${controls.join(", ")}.`]
      .filter(Boolean)
      .join(" "),
  );
  abouts.add(described, {
    allowed: allowed ?? allowedBy(described, unit),
    controls,
    secret: described instanceof z.ZodCustom,
  });
  return described;
}

function allowedBy(schema: z.ZodType, unit?: string): string {
  if (schema instanceof z.ZodEnum) return `one of ${schema.options.map(o => `\`${o}\``).join(", ")}`;
  if (schema instanceof z.ZodBoolean) return "`true` or `false`";
  if (schema instanceof z.ZodNumber)
    return `a whole number${unit ? ` of ${unit}` : ""} from ${schema.minValue} to ${schema.maxValue}, without quotes or unit`;
  if (schema instanceof z.ZodArray) return "a list";
  if (schema instanceof z.ZodObject) return `a mapping with ${Object.keys(schema.shape).join(", ")}`;
  if (schema instanceof z.ZodRecord) return "a mapping";
  throw new Error("`allowed` is missing: this kind of schema does not say by itself what it takes");
}

/** A value that must be encrypted in the stack file. `format` judges the value where it is known, and is never shown it. */
export function secret(text: Text & { format?: (value: string) => boolean }) {
  const { format = value => value.length > 0 } = text;
  return field(
    z.custom<Sealed>(value => value instanceof Sealed && value.satisfies(format)),
    { ...text, controls: [...(text.controls ?? []), "PF-7"], allowed: text.allowed ?? "an encrypted value" },
  );
}

/** The schema without what makes it optional. */
export function bare(schema: z.ZodType): z.ZodType {
  let inner: unknown = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault
  )
    inner = inner.unwrap();
  return inner as z.ZodType;
}

/** Gives one schema the documentation of another, whose narrower or wider form it is. */
export function sameField<T extends z.ZodType>(from: z.ZodType, to: T): T {
  const about = abouts.get(from);
  const described = from.description === undefined ? to : to.describe(from.description);
  if (about) abouts.add(described, about);
  return described;
}

/** Schemas from the top down to a place, as far as the schema knows the way. */
function along(schema: z.ZodType, path: Path): z.ZodType[] {
  const way = [bare(schema)];
  for (const step of path) {
    const at = way.at(-1);
    let next: unknown;
    if (at instanceof z.ZodObject) next = at.shape[step];
    else if (at instanceof z.ZodArray) next = at.element;
    else if (at instanceof z.ZodRecord) next = at.valueType;
    if (!(next instanceof z.ZodType)) break;
    way.push(bare(next));
  }
  return way;
}

export interface FieldNote {
  readonly schema: z.ZodType;
  readonly allowed: string;
  /** Of the field, or of the nearest section around it. */
  readonly control?: string;
  readonly secret: boolean;
}

/** What the schema says about a place, or about the last section on the way to it. */
export function fieldAt(root: z.ZodType, path: Path): FieldNote {
  const way = along(root, path);
  const schema = way.at(-1) ?? root;
  const notes = way.map(s => abouts.get(s)).filter(note => note !== undefined);
  const control = notes.findLast(note => note.controls.length > 0)?.controls.join(", ");
  const own = abouts.get(schema);
  return { schema, allowed: own?.allowed ?? "a value of the schema", control, secret: own?.secret ?? false };
}

/** Names that a mapping's schema knows; none for a free mapping. */
export function knownKeys(schema: z.ZodType): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** What the names of a free mapping look like. */
export function allowedKey(schema: z.ZodType): string {
  const key = schema instanceof z.ZodRecord ? abouts.get(schema.keyType as z.ZodType) : undefined;
  return key?.allowed ?? "another name";
}

export function isSecretField(schema: unknown): boolean {
  return schema instanceof z.ZodType && (abouts.get(schema)?.secret ?? false);
}

export const region = z.enum(regionNames);

/** Syntax only: sizes, ranges and overlaps are the business of the network rules. */
export const cidr = z
  .string()
  .regex(/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/)
  .refine(text => parseCidr(text) !== undefined);

export const cidrAllowed = "an IPv4 range in CIDR notation that starts at its first address, such as 10.20.0.0/16";

/** Plain HTTP is safe on the loopback interface only. */
export const loopbackUrl = z.string().regex(/^http:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?\/?$/);

export const loopbackAllowed = "an http URL of the loopback interface, such as http://127.0.0.1:4600";

/** No user, no query: a credential has no place in a URL that is printed. */
export const httpsUrl = z.string().regex(/^https:\/\/[a-z0-9.-]+(:\d{1,5})?(\/[\w./~-]*)?$/);

/** Scheme, host and port as a browser sends them in `Origin`. */
export const origin = z.string().regex(/^(\*|https?:\/\/[a-z0-9.-]+(:\d{1,5})?)$/);

export const domain = hostName;

export const instanceClass = z.string().regex(/^db\.[a-z][a-z0-9]{1,9}\.(micro|small|medium|large|\d{0,2}xlarge)$/);

export const hostedZoneId = z.string().regex(/^Z[A-Z0-9]{1,31}$/);

export const certificateArn = z.string().regex(/^arn:aws:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]{36}$/);

export const authorityArn = z
  .string()
  .regex(/^arn:aws:acm-pca:[a-z0-9-]+:\d{12}:certificate-authority\/[0-9a-f-]{36}$/);

export const roleArn = z.string().regex(/^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/);

export const securityGroupId = z.string().regex(/^sg-[0-9a-f]{8,17}$/);
/** A role or a user; neither a root account, which is nobody in particular, nor a session. */
export const principalArn = z.string().regex(/^arn:aws:iam::\d{12}:(role|user)\/[\w+=,.@/-]{1,512}$/);

export const commit = z.string().regex(/^[0-9a-f]{40}$/);

export const releaseId = z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/);

/** RFC 3339 in UTC. */
export const instant = z.iso.datetime();

/** DNS subdomain (RFC 1123), as most objects of Kubernetes are named. */
export const kubernetesName = z.string().regex(/^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/);

export const labelValue = z.string().regex(/^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/);

/** What stands before the repository in the name of an image; no scheme, no tag. */
export const registryHost = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-][a-z0-9]+)*)*$/);

/** One or several certificates in PEM; never a key. */
export const certificatePem = z
  .string()
  .regex(/^\s*(-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/);

export const certificatePemAllowed = "certificates in PEM, beginning with `-----BEGIN CERTIFICATE-----`";

/** User or group as the API server's authenticator names it; not one of Kubernetes' own. */
export const subject = z.string().regex(/^(?!system:)[\w.@:/+=-]{1,253}$/);
