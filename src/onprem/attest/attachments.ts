// Attest: what is attached to each image: that it is the vendor's, how it was built, and what it holds; each signed (RT-9).
import type { Collected } from "../make/collect";
import type { Attachment } from "../make/plan";
import { buildTypes } from "../signing/provenance";
import { signStatement } from "../signing/sign";
import type { Signer } from "../signing/signer";
import type { Statement } from "../signing/statement";
import type { BuildFacts } from "./build-facts";
import type { ImageBom } from "./image-boms";
import { referrerOf } from "./referrer";
import { imageSignature, provenance, sbomStatement } from "./statements";

/**
 * Signature and provenance of each image, and the SBOM of each of its platforms, in the images' order.
 * @throws Failure when the key cannot be used
 */
export async function attachmentsOf(
  { images }: Collected,
  facts: BuildFacts,
  boms: readonly ImageBom[],
  signer: Signer,
): Promise<Attachment[]> {
  const attached = new Map<string, Attachment>();
  const attach = async (subject: ImageBom["descriptor"], statement: Statement) => {
    const text = await signStatement(signer, statement);
    const referrer = referrerOf(subject, text, statement.predicateType);
    attached.set(referrer.descriptor.digest, referrer);
  };
  const signed = new Set<string>();
  for (const { repository, descriptor } of images) {
    const { digest } = descriptor;
    const built = facts.images.get(repository);
    if (!built) throw new Error(`nothing is known of how ${repository} was built`);
    // The same image under two names is signed once: a signature says nothing of names.
    if (!signed.has(digest)) await attach(descriptor, imageSignature(digest));
    signed.add(digest);
    const { builderId, pipelineId, source, gitSha } = built;
    const build = { builderId, pipelineId, source, gitSha, parameters: {} };
    await attach(descriptor, provenance(buildTypes.image, [{ name: repository, digest }], build));
  }
  for (const { descriptor, bom } of boms) await attach(descriptor, sbomStatement(descriptor.digest, bom));
  return [...attached.values()];
}
