// Registry: where a request goes, what it is called, and what to do when it is refused (SP-10). Pure.
import { Failure } from "../../../toolchain/failure";
import type { RegistryAddress } from "./address";
import { loginAdvice } from "./login";
import { redirectTarget } from "./redirect";
import type { Ask } from "./session";
import { isTrust } from "./wire";

/** The path of a repository below the registry, with the address's prefix. */
export function repositoryPathOf({ prefix }: RegistryAddress, repository: string): string {
  return prefix ? `${prefix}/${repository}` : repository;
}

/** How messages call a request. */
export const nameOf = ({ repository, path, location }: Ask) =>
  location ? `an upload to ${repository}` : `${repository}/${path ?? ""}`;

/** @throws Failure when an answer named a place to go on that may not be gone to */
export function addressOf(registry: RegistryAddress, { repository, path = "", location }: Ask): URL {
  const base = new URL(`${registry.origin}/v2/`);
  if (location === undefined) return new URL(`${repositoryPathOf(registry, repository)}/${path}`, base);
  const target = redirectTarget(location, base);
  if (target) return target;
  throw new Failure(
    `registry ${registry.host} names ${JSON.stringify(location.slice(0, 200))} as the place to go on`,
    "Allowed is an address of this registry, or one of https. Have the registry's settings mended.",
  );
}

/** What to do about a status that no further try changes. */
export function refusalAdvice(registry: RegistryAddress, status: number, { repository }: Ask): string {
  if (status === 401 || status === 403) return loginAdvice(registry.host);
  if (status === 404) return `See that ${registry.host}/${repositoryPathOf(registry, repository)} holds it.`;
  return "The registry's own log says more.";
}

/** A certificate that is not trusted, in words; every other error as it is. */
export function trustFailure(registry: RegistryAddress, error: unknown): unknown {
  if (!(error instanceof Error) || !isTrust(error as NodeJS.ErrnoException)) return error;
  return new Failure(
    `registry ${registry.host}: its certificate is not trusted: ${error.message}`,
    "Name the certificate of its authority: `--registry-ca FILE`.",
  );
}
