// Make: one bundle from a registry and a release's files, whole or not at all; a making that was killed goes on where it was (PF-3, RT-9, RT-12).
import { exclusively } from "../../../toolchain/lock";
import { closureOf } from "../format/closure";
import type { RegistrySession } from "../registry/session";
import { signBlob } from "../signing/sign";
import type { Signer } from "../signing/signer";
import { keptSignature } from "./head";
import { checkName, partial, placeOf, refuseExisting, removeStale, takeBack } from "./names";
import { own } from "./owner";
import { draftBundle, type Ingredients, indexDigest, planBundle } from "./plan";
import { partName, slicesOf } from "./slices";
import { openTarget } from "./target";
import { writePlan } from "./write";

export interface MakeOptions {
  /** File to make; with `split`, what stands before `.001`. */
  out: string;
  /** Bytes of each part; one file unless given. */
  split?: number;
  signer: Signer;
  /** Connections to the registry at once; 6. */
  parallel?: number;
  /** Bytes of blobs in their places, of how many, and how many of them an earlier making had left. */
  progress?: (done: number, total: number, kept: number) => void;
  /** Called once if another making of the same file is under way; then it is waited for. */
  waiting?: () => void;
  signal?: AbortSignal;
}

export interface Made {
  /** Files of the bundle, in order. */
  files: string[];
  /** Digest of index.json: what a delta names as its base. */
  index: string;
  version: string;
  images: number;
  /** Blobs that are in it, manifests included. */
  blobs: number;
  /** Bytes of all files. */
  bytes: number;
  /** Bytes of blobs that an earlier making had left. */
  kept: number;
  /** Blobs that the base has to give; 0 unless it is a delta. */
  left: number;
}

/**
 * Makes a bundle. The same ingredients and key give the same bytes, as far as the key's signatures are the same each time.
 * @throws Failure when `out` is there, an ingredient is not in order, the registry gives something else, or the disk is full;
 *   then no file has its name, and the same call goes on where this one ended
 */
export async function makeBundle(
  ingredients: Ingredients,
  session: RegistrySession,
  options: MakeOptions,
): Promise<Made> {
  const { out } = options;
  checkName(out);
  // A directory may have several names; the lock and the mark are of the place itself.
  return exclusively(`bundle ${await placeOf(out)}`, options.waiting ?? (() => undefined), async () => {
    const owner = await own(out);
    try {
      if (options.split !== undefined) await takeBack(out);
      await refuseExisting(out);
      return await make(ingredients, session, options, () => owner.check());
    } finally {
      await owner.release();
    }
  });
}

async function make(
  ingredients: Ingredients,
  session: RegistrySession,
  options: MakeOptions,
  checkOwner: () => Promise<void>,
): Promise<Made> {
  const { out, signer } = options;
  const draft = draftBundle(ingredients);
  const first = partial(options.split === undefined ? out : partName(out, 1));
  const { publicKeyPem } = signer;
  const signature = await keptSignature(first, draft.indexBytes, publicKeyPem);
  const plan = planBundle(draft, signature ?? Buffer.from(await signBlob(signer, draft.indexBytes)));
  const slices = slicesOf(out, plan.total, options.split);
  await removeStale(out, slices);
  const target = await openTarget(out, slices);
  const blobs = plan.entries.filter(({ descriptor }) => descriptor);
  const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  let kept = 0;
  try {
    const progress = (more: number, before: boolean) => {
      done += more;
      if (before) kept += more;
      options.progress?.(done, bytes, kept);
    };
    const { parallel, signal } = options;
    await writePlan(plan, target, session, { parallel, signal, progress });
    await checkOwner();
    await target.commit();
  } finally {
    await target.close();
  }
  const { version, images } = plan.release;
  return {
    files: slices.map(({ path }) => path),
    index: indexDigest(plan),
    version,
    images: images.length,
    blobs: blobs.length,
    bytes: plan.total,
    kept,
    left: closureOf(plan.index, plan.documents).length - blobs.length,
  };
}
