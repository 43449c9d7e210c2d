// Installer's commands: the steps' parts out of an open bundle: the look at the cluster, the images, the Secrets.
import { readFile } from "node:fs/promises";
import { plainReader } from "../../kubernetes/plain-request";
import { imagesAreThere, type Parts } from "../install/parts";
import { findingsTable, isWarning } from "../preflight/finding";
import { preflight, requirePassed } from "../preflight/preflight";
import { openRegistry } from "../registry/session";
import { lackingSecrets, makeSecrets } from "../secrets/make-secrets";
import type { Opened } from "./bundle-target";
import type { Connected } from "./connect";
import { imagesPart } from "./images-part";
import type { BundleOptions, ImagesOptions, SecretsOptions } from "./options";
import { tryRegistry } from "./try-registry";

/** What a way back needs: no bundle, and images that are where they were. */
export function recordedParts(options: SecretsOptions): Parts {
  return {
    preflight: async () => "",
    images: imagesAreThere,
    secrets: (cluster, target, work, way) =>
      makeSecrets(cluster, target, way === "after failure" ? { environment: {} } : suppliedFrom(options), work),
  };
}

/** @param grantCommand what prints the grant for an administrator */
export async function bundleParts(
  opened: Opened,
  { connection }: Connected,
  options: BundleOptions & SecretsOptions & ImagesOptions,
  grantCommand: string,
): Promise<Parts> {
  const { release } = opened.bundle;
  const ca = options.registryCa === undefined ? undefined : await readFile(options.registryCa);
  const session = (address: string) =>
    openRegistry(address, { authFile: options.registryAuth, ca, plainHttp: options.plainHttp });
  const isPushed = options.imagesTo === "registry";
  const sizes = release.images.map(({ size }) => size);
  return {
    ...recordedParts(options),
    preflight: async (cluster, target, work) => {
      const registry = session(target.registry);
      try {
        const [first] = release.images;
        const findings = await preflight(
          {
            cluster,
            plain: plainReader(connection, "palisade-installer"),
            release: target,
            minimumKubernetes: release.kubernetes.minimum,
            images: { size: sum(sizes), largest: Math.max(0, ...sizes) },
            registry: isPushed ? target.registry : "",
            registryOrigin: registry.address.origin,
            ...(first && { tryRegistry: () => tryRegistry(registry, first.repository) }),
            lackingSecrets: () => lackingSecrets(cluster, target, suppliedFrom(options)),
            grantCommand,
          },
          work.progress,
        );
        for (const line of findingsTable(findings.filter(isWarning)).trimEnd().split("\n")) if (line) work.say(line);
        return requirePassed(findings);
      } finally {
        registry.close();
      }
    },
    images: imagesPart(opened, session, options),
  };
}

/** Of the environment, only variables of the installer's own prefix are looked at. */
const suppliedFrom = ({ secrets, secretsFrom }: SecretsOptions) => ({
  file: secrets,
  store: secretsFrom,
  environment: process.env,
});

const sum = (all: readonly number[]): number => all.reduce((total, each) => total + each, 0);
