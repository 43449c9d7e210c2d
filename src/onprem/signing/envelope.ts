// Signing: the sigstore bundle v0.3 as this project writes and accepts it: one signature by a key, nothing that is not checked (RT-9).
import { bundleFromJSON } from "@sigstore/bundle";
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";
import { mediaTypes } from "../format/descriptor";
import { shown } from "../format/refusal";

/** Payload type of a signed in-toto statement. */
export const IN_TOTO = "application/vnd.in-toto+json";

/** Characters of a sigstore bundle; an SBOM of a large image has some millions. */
const LIMIT = 64 * 1024 * 1024;

const base64 = z
  .string()
  .refine(text => Buffer.from(text, "base64").toString("base64") === text, "not canonical base64");

// Transparency-log entries and timestamps need a trust root that an offline operator lacks. What is not checked is not let in.
const verificationMaterial = z.strictObject({
  publicKey: z.strictObject({ hint: z.string().regex(/^[A-Za-z0-9+/]{43}=$/, "not the SHA-256 of a key in base64") }),
  tlogEntries: z.array(z.unknown()).max(0).optional(),
  timestampVerificationData: z.strictObject({ rfc3161Timestamps: z.array(z.unknown()).max(0).optional() }).optional(),
});
const head = { mediaType: z.literal(mediaTypes.sigstore), verificationMaterial };

const blobShape = z.strictObject({
  ...head,
  messageSignature: z.strictObject({
    messageDigest: z.strictObject({ algorithm: z.literal("SHA2_256"), digest: base64 }),
    signature: base64,
  }),
});
const statementShape = z.strictObject({
  ...head,
  dsseEnvelope: z.strictObject({
    payload: base64,
    payloadType: z.literal(IN_TOTO),
    signatures: z.array(z.strictObject({ sig: base64, keyid: z.string().optional() })).length(1),
  }),
});

/** A signature of bytes that lie beside it. */
export const blobEnvelope = (text: string) => read(text, blobShape);

/** A signature with the statement in it. */
export const statementEnvelope = (text: string) => read(text, statementShape);

/** What says that a signature is no good, and what to do.
 * @param found holds nothing of the signature's own file but through `shown`: a stranger may have written it */
export function refused(found: string): Failure {
  return new Failure(
    `The signature is refused: ${found}`,
    "Nothing was used of what it signs. Fetch the file again, compare its checksum and the public key with what the vendor told you out of band, and try again.",
  );
}

function read<Shape extends z.ZodType>(
  text: string,
  shape: Shape,
): { bundle: ReturnType<typeof bundleFromJSON>; read: z.output<Shape> } {
  if (text.length > LIMIT) throw refused(`it has ${text.length} characters, more than ${LIMIT}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw refused("it is not JSON");
  }
  const found = shape.safeParse(json);
  if (!found.success) {
    const [issue] = found.error.issues;
    const place = issue?.path.length ? issue.path.join(".") : "the whole";
    throw refused(
      `it is not a sigstore bundle v0.3 with one signature of this kind by a key (${shown(place)}: ${shown(issue?.message ?? "")})`,
    );
  }
  try {
    return { bundle: bundleFromJSON(json), read: found.data };
  } catch (error) {
    throw refused(`it cannot be read: ${shown(error instanceof Error ? error.message : "")}`);
  }
}
