// Image phase: the tag of an image beside its digest, so that a registry that clears away what has no tag leaves it (RT-12). Pure.
import type { PlannedImage } from "./plan";

/** Another one for another digest: a registry may refuse to move a tag. `sha256-…` is not ours to use: referrers are listed there. */
export const tagOf = ({ digest }: Pick<PlannedImage, "digest">): string => `palisade-${digest.replace(/^sha256:/, "")}`;
