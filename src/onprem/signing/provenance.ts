// Signing: SLSA provenance v1 as it is written here, and what it has to say of an image: which commit, which builder, which run (RT-9).
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";
import { shown } from "../format/refusal";

/** Kinds of build, as SLSA asks them to be named. */
export const buildTypes = {
  image: "https://palisade.dev/slsa/image/v1",
  bundle: "https://palisade.dev/slsa/bundle/v1",
} as const;

const name = z.string().min(1).max(2048);

const ofImage = z.strictObject({
  buildDefinition: z.strictObject({
    buildType: z.literal(buildTypes.image),
    externalParameters: z.record(z.string(), z.string()),
    internalParameters: z.strictObject({}),
    resolvedDependencies: z
      .array(z.strictObject({ uri: name, digest: z.strictObject({ gitCommit: z.string().regex(/^[0-9a-f]{40}$/) }) }))
      .length(1),
  }),
  runDetails: z.strictObject({
    builder: z.strictObject({ id: name }),
    metadata: z.strictObject({ invocationId: name }),
  }),
});

/**
 * @param predicate of a statement whose signature, kind and subject were checked
 * @throws Failure naming the first thing that it does not say, or says otherwise
 */
export function requireImageProvenance(predicate: unknown): void {
  const found = ofImage.safeParse(predicate);
  if (found.success) return;
  const [issue] = found.error.issues;
  const place = issue?.path.map(String).join(".") || "the whole";
  throw new Failure(
    `it does not say by whom, in which run and from which commit the image was built: ${shown(place)}: ${shown(issue?.message ?? "")}`,
    "Ask the vendor for a bundle whose images have SLSA provenance.",
  );
}
