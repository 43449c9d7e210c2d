// Recipe: what `palisade bundle` puts together from a stack: configuration, manifests, statements, SBOMs, pages, installer (PF-3, RT-8, RT-9, RT-13).
import { attachmentsOf } from "../attest/attachments";
import { type BuildFacts, readBuildFacts } from "../attest/build-facts";
import { configFiles } from "../attest/config-files";
import { type ImageBom, imageBoms } from "../attest/image-boms";
import { sbomPage } from "../attest/sbom-page";
import { provenance } from "../attest/statements";
import { files } from "../format/release";
import type { Collected } from "../make/collect";
import { measure } from "../make/content";
import type { ReleaseFacts, ReleaseFile } from "../make/plan";
import type { RecipeOf } from "../make/recipe";
import { releaseFacts, releaseFiles } from "../render/release-files";
import { buildTypes } from "../signing/provenance";
import { signStatement } from "../signing/sign";
import type { Signer } from "../signing/signer";
import { installerFiles } from "./installer-files";
import { licenceFiles, runbookFiles } from "./page-files";
import { releaseTime } from "./release-origin";
import { platformVersion, requireStackRendered, stackRelease } from "./stack-release";

/** Title of the statement on how the bundle itself was made. */
const bundleProvenance = "provenance/bundle.sigstore.json";

/**
 * @param provenanceFile what the pipelines wrote of each image's build; see `readBuildFacts`
 * @param configFile the stack's file, where it is not the project's own
 */
export function recipeOfStack(provenanceFile: string | undefined, configFile?: string): RecipeOf {
  return async (stack, version) => {
    const released = stackRelease(stack, configFile);
    await requireStackRendered(released);
    const { inputs, images, buildSha } = released;
    const built = await readBuildFacts(provenanceFile, images);
    const createdAt = await releaseTime(buildSha);
    const facts = releaseFacts(inputs, { version, createdAt, platform: platformVersion() });
    return {
      facts,
      images: [...images].map(([repository, digest]) => ({ repository, digest })),
      rest: async (collected, signer, session) => {
        const boms = await imageBoms(collected, session, createdAt);
        const parts = [
          ...(await configFiles(releaseFiles(inputs), facts, signer)),
          ...sbomFiles(facts, boms),
          ...(await runbookFiles()),
          ...(await licenceFiles(boms)),
          ...(await installerFiles(signer)),
        ];
        const statement = await bundleStatement(parts, facts, collected, built, signer);
        return { files: [...parts, statement], attachments: await attachmentsOf(collected, built, boms, signer) };
      },
    };
  };
}

function sbomFiles(facts: ReleaseFacts, boms: readonly ImageBom[]): ReleaseFile[] {
  const listed = boms.map(({ repository, descriptor, title, bom }) => ({
    ...{ repository, digest: descriptor.digest, bom },
    file: title.replace("sbom/", ""),
  }));
  return [
    ...boms.map(({ title, bom }) => ({ title, content: Buffer.from(JSON.stringify(bom)) })),
    { title: files.sbomPage, content: Buffer.from(sbomPage(facts, listed)) },
  ];
}

/** How the bundle was made: of its files, from its images. It cannot name the index, which names it. */
async function bundleStatement(
  parts: readonly ReleaseFile[],
  { stack, version, buildSha }: ReleaseFacts,
  { images }: Collected,
  { bundle }: BuildFacts,
  signer: Signer,
): Promise<ReleaseFile> {
  const subjects = parts.map(({ title, content }) => ({ name: title, digest: measure(content).digest }));
  const build = { ...bundle, gitSha: buildSha, parameters: { stack, version } };
  const inside = images.map(({ repository, descriptor }) => ({ name: repository, digest: descriptor.digest }));
  const text = await signStatement(signer, provenance(buildTypes.bundle, subjects, build, inside));
  return { title: bundleProvenance, content: Buffer.from(text) };
}
