// Signing: a private key in AWS KMS, which never leaves it (RT-9, RT-13). The AWS client is loaded when such a key is named, not before.
import { createPublicKey } from "node:crypto";
import { Failure } from "../../../toolchain/failure";
import { publicKeyOf } from "./public-key";
import type { Signer } from "./signer";

const reference =
  /^awskms:\/\/([A-Za-z0-9.:-]*)\/((?:arn:[a-z0-9-]+:kms:[a-z0-9-]+:\d{12}:)?(?:(?:key\/)?[A-Za-z0-9-]{1,64}|alias\/[A-Za-z0-9/_-]{1,250}))$/;

/** Parts of a reference such as `awskms:///alias/release`, as cosign writes it. */
export interface KmsReference {
  /** URL of the service, if the reference names a host; otherwise the AWS client finds it. */
  endpoint?: string;
  /** Key id, alias or ARN. */
  keyId: string;
}

/** @throws Failure if it is not of this form */
export function kmsReference(text: string): KmsReference {
  const [, host, keyId] = reference.exec(text) ?? [];
  if (keyId === undefined)
    throw new Failure(
      `${text} names no key in AWS KMS`,
      "Name it as cosign does: awskms:///KEY-ID, awskms:///alias/NAME, awskms:///ARN or awskms://HOST/KEY-ID; `aws kms list-aliases` shows them.",
    );
  return { keyId, ...(host && { endpoint: `https://${host}` }) };
}

/**
 * A signer with a key in AWS KMS (key spec ECC_NIST_P256, usage SIGN_VERIFY). Region, credentials and another endpoint come
 * from the environment as for any AWS client (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_KMS).
 * @throws Failure if KMS does not answer, or the key is of another kind
 */
export async function kmsSigner(text: string): Promise<Signer> {
  const { endpoint, keyId } = kmsReference(text);
  const { GetPublicKeyCommand, KMSClient, SignCommand } = await import("@aws-sdk/client-kms");
  const client = new KMSClient({ ...(endpoint && { endpoint }), maxAttempts: 4 });
  const { PublicKey: der } = await asked(text, "GetPublicKey", () =>
    client.send(new GetPublicKeyCommand({ KeyId: keyId })),
  );
  if (!der) throw new Failure(`AWS KMS gave no public key of ${text}`, next("GetPublicKey", keyId));
  const { hint, pem } = publicKeyOf(createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" }));
  return {
    keyHint: hint,
    publicKeyPem: pem,
    deterministic: false,
    signDigest: async digest => {
      const command = new SignCommand({
        KeyId: keyId,
        Message: digest,
        MessageType: "DIGEST",
        SigningAlgorithm: "ECDSA_SHA_256",
      });
      const { Signature } = await asked(text, "Sign", () => client.send(command));
      if (!Signature) throw new Failure(`AWS KMS gave no signature by ${text}`, next("Sign", keyId));
      return Buffer.from(Signature);
    },
  };
}

async function asked<Answer>(key: string, action: string, send: () => Promise<Answer>): Promise<Answer> {
  try {
    return await send();
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new Failure(`AWS KMS refused kms:${action} on ${key}: ${reason}`, next(action, kmsReference(key).keyId));
  }
}

const next = (action: string, keyId: string) =>
  `The role needs kms:GetPublicKey and kms:Sign on the key (here: kms:${action}), and a region. Look: \`aws kms describe-key --key-id ${keyId}\``;
