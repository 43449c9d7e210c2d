// Release: the files that say what it is made from and what comes of it, and the description of the whole (PF-3, RT-9, RT-13). Pure.
import type { environments } from "../../config/shared-schema";
import { type ConfigurationFile, files, type Release, release } from "../format/release";
import type { ReleaseInputs } from "./inputs";
import { manifestsText } from "./manifests";
import { renderRelease } from "./rendered-release";
import { valuesExample } from "./values-example";
import { valuesJsonSchema } from "./values-schema";

/**
 * Texts by title, as `files` of the format names them; the same for the same inputs. None holds a secret: secrets.json is a
 * plan.
 * @throws Failure if the stack asks for what Kubernetes does not make.
 */
export function releaseFiles(inputs: ReleaseInputs): Record<string, string> {
  const { objects, secrets } = renderRelease(inputs);
  return {
    [files.stack]: JSON.stringify(inputs.config),
    [files.workloads]: JSON.stringify([...inputs.workloads.values()]),
    [files.manifests]: manifestsText(objects),
    [files.secrets]: JSON.stringify(secrets),
    [files.valuesSchema]: valuesJsonSchema(),
    [files.valuesExample]: valuesExample(inputs.stack, inputs.config),
  } satisfies Record<ConfigurationFile, string>;
}

/** ValidatingAdmissionPolicy, which vaults and approvals rest on. */
const oldestKubernetes = "1.30";

/** What a release says of itself; images and base come with the making of the bundle. */
export function releaseFacts(
  inputs: ReleaseInputs,
  { version, createdAt, platform }: Pick<Release, "version" | "createdAt" | "platform">,
): Omit<Release, "images" | "base"> {
  const { config, platformNamespace } = renderRelease(inputs);
  return release.omit({ images: true, base: true }).parse({
    schema: 1,
    stack: inputs.stack,
    environment: config.environment satisfies (typeof environments)[number],
    version,
    buildSha: config.release.buildSha,
    createdAt,
    platform,
    kubernetes: { minimum: oldestKubernetes },
    workloads: [...inputs.workloads.values()].map(({ name, title }) => ({
      name,
      namespace: `${name}-${config.environment}`,
      title,
    })),
    platformNamespace,
  });
}
