// Signing: an in-toto statement: what is said (predicate) of which bytes (subject) (RT-9).
import { z } from "zod";

/** Kinds of statement that this project makes and reads. */
export const predicateTypes = {
  /** "This image is the vendor's": a container signature, as cosign 3 writes it. */
  signature: "https://sigstore.dev/cosign/sign/v1",
  provenance: "https://slsa.dev/provenance/v1",
  sbom: "https://cyclonedx.org/bom",
} as const;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const statement = z.strictObject({
  _type: z.literal("https://in-toto.io/Statement/v1"),
  /** What it is about. A name is a hint for people: only the digest decides. */
  subject: z
    .array(
      z.strictObject({
        name: z.string().max(1024).optional(),
        digest: z.strictObject({ sha256 }),
        annotations: z.record(z.string().max(256), z.string().max(4096)).optional(),
      }),
    )
    .min(1)
    .max(10_000),
  predicateType: z.url().max(256),
  predicate: z.record(z.string(), z.unknown()).optional(),
});
export type Statement = z.output<typeof statement>;
