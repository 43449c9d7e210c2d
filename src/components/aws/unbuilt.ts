// AWS components: a part of a specification that a home does not make. Plain data.

export interface Unbuilt {
  /** Such as `services.renderer.network.exposure`. */
  path: string;
  /** What stands there; never a value that may be secret (PF-7). */
  found: string;
  /** What may stand there instead. */
  allowed: string;
}

/** On two lines, as a fault of the configuration is written. */
export function writeUnbuilt({ path, found, allowed }: Unbuilt): string {
  return `  ${path}: found ${found}\n      allowed: ${allowed}`;
}
