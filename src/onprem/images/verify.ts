// Image phase: each image is the vendor's, and the vendor says how it was built; both statements hold before anything is used (PF-3, RT-9).
import { Failure } from "../../../toolchain/failure";
import { annotationKeys, mediaTypes } from "../format/descriptor";
import { requireImageProvenance } from "../signing/provenance";
import { predicateTypes } from "../signing/statement";
import type { PlannedImage, PlannedReferrer } from "./plan";
import type { ImageSource } from "./source";

/** What is said of every image. */
const REQUIRED = ["signature", "provenance"] as const;

/**
 * Checks a signed statement by the vendor's key.
 * @throws Failure unless it is signed by that key, of this kind, and about this subject alone
 */
export type CheckStatement = (
  bundleText: string,
  expected: { predicateType: string; subject: string },
) => { predicate?: unknown };

/**
 * A check for `pushImages`: signature and provenance of an image, both about its very digest.
 * @throws Failure naming the image and what is wrong or absent
 */
export function imageCheck(source: ImageSource, check: CheckStatement): (image: PlannedImage) => Promise<void> {
  return async image => {
    for (const title of REQUIRED) {
      const predicateType = predicateTypes[title];
      const statements = image.referrers.filter(
        ({ subject, artifactType, annotations }) =>
          subject === image.digest &&
          artifactType === mediaTypes.sigstore &&
          annotations?.[annotationKeys.predicateType] === predicateType,
      );
      if (statements.length === 0) throw refused(image, `it has no ${title} (${predicateType})`);
      for (const statement of statements) {
        const text = await textOf(source, image, statement);
        try {
          const { predicate } = check(text, { predicateType, subject: image.digest });
          if (title === "provenance") requireImageProvenance(predicate);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          throw refused(image, `its ${title}: ${error.what}`);
        }
      }
    }
  };
}

async function textOf(source: ImageSource, image: PlannedImage, referrer: PlannedReferrer): Promise<string> {
  const signed = referrer.blobs.filter(({ mediaType }) => mediaType === mediaTypes.sigstore);
  const [blob] = signed;
  if (blob === undefined || signed.length > 1)
    throw refused(
      image,
      `what is attached to it as ${referrer.digest} holds ${signed.length} signed statements; allowed is one`,
    );
  return (await source.read(blob)).toString("utf8");
}

function refused({ repository, digest }: PlannedImage, why: string): Failure {
  return new Failure(
    `image ${repository}@${digest} is refused: ${why}`,
    "Fetch the bundle from the vendor again, and try it: `./palisade plan BUNDLE --key KEY`.",
  );
}
