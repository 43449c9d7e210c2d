// Make: what a bundle needs beside the registry's images, from whoever renders a release and attests to it (PF-3, RT-9, RT-13).
import type { RegistrySession } from "../registry/session";
import type { Signer } from "../signing/signer";
import type { Collected, Wanted } from "./collect";
import type { Attachment, ReleaseFacts, ReleaseFile } from "./plan";

/** A release before its images are looked at. */
export interface Recipe {
  facts: ReleaseFacts;
  images: readonly Wanted[];
  /** What can only be said once the images are known: files of the release, and signed statements on its images. */
  rest(
    collected: Collected,
    signer: Signer,
    session: RegistrySession,
  ): Promise<{ files: readonly ReleaseFile[]; attachments: readonly Attachment[] }>;
}

/**
 * @param stack name of an on-premises stack with `delivery: bundle`
 * @param version of the release
 * @throws Failure when the stack is another one, has faults, or `pulumi up` rendered something else
 */
export type RecipeOf = (stack: string, version: string) => Promise<Recipe>;
