// Signing: checks signatures by a public key, offline. Fails closed: what is not exactly as expected is refused (RT-9).
import { createHash } from "node:crypto";
import type { bundleFromJSON } from "@sigstore/bundle";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { shown } from "../format/refusal";
import { blobEnvelope, refused, statementEnvelope } from "./envelope";
import { type PublicKey, readPublicKey } from "./public-key";
import { type Statement, statement } from "./statement";

/**
 * Checks the signature of bytes that lie beside it.
 * @param publicKeyPem public key of the signer, P-256
 * @param bundleText sigstore bundle v0.3 with a messageSignature
 * @throws Failure if the signature is not by this key over these bytes, or says anything more
 */
export function verifyBlob(publicKeyPem: string, bytes: Uint8Array, bundleText: string): void {
  const key = readPublicKey(publicKeyPem);
  const { bundle, read } = blobEnvelope(bundleText);
  const digest = createHash("sha256").update(bytes).digest("base64");
  if (read.messageSignature.messageDigest.digest !== digest) throw refused("it is of other bytes");
  check(key, bundle, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** What a statement has to be about. */
export interface Expected {
  /** Its kind. cosign does not check this; here nothing else passes. */
  predicateType: string;
  /** `sha256:…` of what it has to be about; that alone and nothing beside it. */
  subject?: string;
}

/**
 * Checks a signed statement and gives it back.
 * @param publicKeyPem public key of the signer, P-256
 * @param bundleText sigstore bundle v0.3 with a DSSE envelope over an in-toto statement
 * @throws Failure if it is not signed by this key, or not the statement that was expected
 */
export function verifyStatement(publicKeyPem: string, bundleText: string, expected: Expected): Statement {
  const key = readPublicKey(publicKeyPem);
  const { bundle, read } = statementEnvelope(bundleText);
  check(key, bundle);
  const said = parse(Buffer.from(read.dsseEnvelope.payload, "base64").toString("utf8"));
  if (said.predicateType !== expected.predicateType)
    throw refused(`it says ${shown(said.predicateType)}; expected is ${expected.predicateType}`);
  if (expected.subject === undefined) return said;
  const subjects = said.subject.map(({ digest }) => `sha256:${digest.sha256}`);
  if (subjects.length !== 1 || subjects[0] !== expected.subject)
    throw refused(`it is about ${subjects.slice(0, 3).join(", ")}; expected is ${expected.subject} alone`);
  return said;
}

/** A statement's own checks come after its signature's: nothing that is not the vendor's is read. */
function parse(payload: string): Statement {
  let json: unknown;
  try {
    json = JSON.parse(payload);
  } catch {
    throw refused("what it signs is not JSON");
  }
  const found = statement.safeParse(json);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  const place = shown(issue?.path.join(".") ?? "");
  throw refused(`what it signs is not an in-toto statement v1 (${place}: ${shown(issue?.message ?? "")})`);
}

function check(key: PublicKey, bundle: ReturnType<typeof bundleFromJSON>, bytes?: Buffer): void {
  const material = bundle.verificationMaterial.content;
  const hint = material.$case === "publicKey" ? material.publicKey.hint : "a certificate";
  if (hint !== key.hint) throw refused(`it is by another key (${hint}); the key given is ${key.hint}`);
  const trusted = toTrustMaterial(
    { mediaType: "", tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] },
    () => ({ publicKey: key.key, validFor: () => true }),
  );
  const verifier = new Verifier(trusted, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
  try {
    verifier.verify(toSignedEntity(bundle, bytes));
  } catch {
    throw refused("it does not match, so what it signs or the signature itself was altered");
  }
}
