// Attest: how each image and the bundle itself were built, as the pipeline wrote it down. Only it can know: nothing is guessed (RT-9).
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";
import { digest } from "../format/descriptor";

const uri = z
  .url()
  .max(1024)
  .refine(text => URL.canParse(text) && !new URL(text).username && !new URL(text).password, "holds credentials");
const run = { builderId: uri, pipelineId: uri, source: uri };

const imageFacts = z.strictObject({
  ...run,
  /** Of the image: facts on another build of the same repository are none. */
  digest,
  gitSha: z.string().regex(/^[0-9a-f]{40}$/, "is no commit of 40 hexadecimal digits"),
});
export type ImageFacts = z.output<typeof imageFacts>;

const buildFacts = z.strictObject({
  /** The run that makes the bundle. Its commit is the release's. */
  bundle: z.strictObject(run),
  images: z.record(z.string().max(255), imageFacts),
});

export interface BuildFacts {
  bundle: z.output<typeof buildFacts>["bundle"];
  /** Of each image of the release, by repository. */
  images: ReadonlyMap<string, ImageFacts>;
}

/** Bytes; a thousand images take half of that. */
const LIMIT = 1024 * 1024;
/** Images that a message names. */
const SHOWN = 10;

/**
 * Reads what the pipeline wrote, and holds it against the images of the release: each has to be there with its very digest.
 * @param path JSON file: `{bundle: {builderId, pipelineId, source}, images: {REPOSITORY: {…, digest, gitSha}}}`
 * @param images digest by repository
 * @throws Failure naming the file, each image that is missing or another, and an example
 */
export async function readBuildFacts(
  path: string | undefined,
  images: ReadonlyMap<string, string>,
): Promise<BuildFacts> {
  if (path === undefined)
    throw new Failure(
      "no image of the release says who built it, from which commit and in which run; a bundle holds that for each",
      `Have the pipelines write it to a file, and name that: \`--provenance provenance.json\`. Its content:\n${example(images)}`,
    );
  const facts = parse(path, await text(path), images);
  const missing = [...images].flatMap(([repository, digest]) => {
    const found = Object.hasOwn(facts.images, repository) ? facts.images[repository] : undefined;
    if (!found) return [`  ${repository}@${digest}: not in it`];
    return found.digest === digest ? [] : [`  ${repository}@${digest}: it has ${found.digest}`];
  });
  if (missing.length > 0)
    throw new Failure(
      [`${path} does not say how these images of the release were built:`, ...firsts(missing)].join("\n"),
      `Have the pipeline that built them write it. The form is:\n${example(images)}`,
    );
  return { bundle: facts.bundle, images: new Map(Object.entries(facts.images)) };
}

function firsts(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return more > 0 ? [...lines.slice(0, SHOWN), `  … and ${more} more`] : [...lines];
}

function parse(path: string, content: string, images: ReadonlyMap<string, string>) {
  const form = `The form is:\n${example(images)}`;
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    throw new Failure(`${path} is not JSON`, form);
  }
  const found = buildFacts.safeParse(json);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw new Failure(`${path}: ${issue?.path.join(".") || "the whole"}: ${issue?.message}`, form);
}

async function text(path: string): Promise<string> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(`${path} cannot be read: ${error.code}`, "Name the file of the pipelines: `--provenance FILE`.");
  });
  if (content.length <= LIMIT) return content.toString("utf8");
  throw new Failure(
    `${path} has ${content.length} bytes; allowed are ${LIMIT}`,
    "Name the file of the pipelines alone.",
  );
}

/** The file's form, with an image of this release in it. */
function example(images: ReadonlyMap<string, string>): string {
  const [[repository, digest] = ["sanctum/backend", `sha256:${"0".repeat(64)}`]] = images;
  const run = (name: string) => ({
    builderId: "https://ci.example.com/builders/1",
    pipelineId: `https://ci.example.com/${name}/runs/417`,
    source: `git+https://git.example.com/${name}`,
  });
  const image = { ...run(repository), digest, gitSha: "0123456789abcdef0123456789abcdef01234567" };
  return JSON.stringify({ bundle: run("release"), images: { [repository]: image } }, undefined, 2);
}
