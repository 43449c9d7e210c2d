// Platform: where the manifests of a stack lie that is carried in as a bundle (PF-3). The program writes there, `palisade bundle` reads.

/** Seen from the project; outside git, like all that commands of this checkout keep. */
export function renderedDirectory(stack: string): string {
  return `.palisade/rendered/${stack}`;
}
