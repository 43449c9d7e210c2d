// Attest: what is said of an image or a bundle: its signature, its SBOM, and SLSA provenance v1 with commit and pipeline (RT-9).
import type { buildTypes } from "../signing/provenance";
import { predicateTypes, type Statement } from "../signing/statement";

/** What a statement is about. */
export interface Subject {
  /** Repository of an image, or name of a file; for people. */
  name: string;
  /** `sha256:…` */
  digest: string;
}

/** How something was built. All of it comes from outside: nothing is guessed. */
export interface Build {
  /** URI of what built it and is answerable for that, such as the pipeline's definition. */
  builderId: string;
  /** URI of the run that built it (pipeline id). */
  pipelineId: string;
  /** URI of the repository, such as `git+https://git.example.com/sanctum`. */
  source: string;
  /** Commit, 40 hexadecimal digits. */
  gitSha: string;
  /** What the run was asked for, such as `{"stack": "onprem"}`; it must hold no secret. */
  parameters: Record<string, string>;
}

const STATEMENT = "https://in-toto.io/Statement/v1";

/** "This image is the vendor's": what `cosign sign` says. Byte for byte the same for one digest, whatever the repository. */
export function imageSignature(digest: string): Statement {
  return {
    _type: STATEMENT,
    subject: [{ digest: sha256(digest) }],
    predicateType: predicateTypes.signature,
    predicate: {},
  };
}

/**
 * SLSA provenance v1. Without times: the same release says the same.
 * @param subjects what came out
 * @param dependencies what went in besides the source, such as the images of a bundle
 * @throws Error if the commit is not one
 */
export function provenance(
  buildType: (typeof buildTypes)[keyof typeof buildTypes],
  subjects: readonly Subject[],
  build: Build,
  dependencies: readonly Subject[] = [],
): Statement {
  if (!/^[0-9a-f]{40}$/.test(build.gitSha)) throw new Error(`${JSON.stringify(build.gitSha)} is no git commit`);
  return {
    _type: STATEMENT,
    subject: subjects.map(({ name, digest }) => ({ name, digest: sha256(digest) })),
    predicateType: predicateTypes.provenance,
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: build.parameters,
        internalParameters: {},
        resolvedDependencies: [
          { uri: build.source, digest: { gitCommit: build.gitSha } },
          ...dependencies.map(({ name, digest }) => ({ name, digest: sha256(digest) })),
        ],
      },
      runDetails: { builder: { id: build.builderId }, metadata: { invocationId: build.pipelineId } },
    },
  };
}

/** The SBOM of an image as a statement, which `cosign verify-attestation --type cyclonedx` reads. */
export function sbomStatement(digest: string, bom: Record<string, unknown>): Statement {
  return {
    _type: STATEMENT,
    subject: [{ digest: sha256(digest) }],
    predicateType: predicateTypes.sbom,
    predicate: bom,
  };
}

/** @throws Error if it is no digest by SHA-256 */
function sha256(digest: string): { sha256: string } {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
  if (hex === undefined) throw new Error(`${JSON.stringify(digest)} is no sha256 digest`);
  return { sha256: hex };
}
