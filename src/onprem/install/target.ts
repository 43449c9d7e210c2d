// Installer: what makes two releases the same one, and what a record keeps of one. Pure.
import { createHash } from "node:crypto";
import { type Identity, identityOf } from "./identity";
import type { Target } from "./parts";

/** The same for the same objects in the same place, whichever bundle, whole or delta, they came from. */
export function fingerprintOf(target: Target): string {
  const { version, buildSha, platformNamespace, objects, secrets } = target;
  return createHash("sha256")
    .update(JSON.stringify([version, buildSha, platformNamespace, objects, secrets]))
    .digest("hex")
    .slice(0, 32);
}

export function inventoryOf(target: Pick<Target, "objects">): Identity[] {
  return target.objects.map(identityOf);
}

/** Namespaces that the objects and Secrets of a release lie in, and those that it makes. */
export function namespacesOf({ objects, secrets, platformNamespace }: Target): string[] {
  const own = objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
  const used = [...objects.map(({ metadata }) => metadata.namespace), ...secrets.map(({ namespace }) => namespace)];
  return [...new Set([platformNamespace, ...own, ...used.filter(name => name !== undefined)])];
}
