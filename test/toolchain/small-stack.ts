// Toolchain tests: a stack that is carried in as a bundle, of one small workload, with tiny images in a registry of the test.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { packImage, pushImage } from "../../toolchain/images";

/** Commit of the release; no checkout has it. */
export const buildSha = "0123456789abcdef0123456789abcdef01234567";

/** Images by repository; each one has a layer of its own. */
export const repositories = [
  "palisade/collector",
  "palisade/egress-proxy",
  "palisade/tls-front",
  "palisade/workload-guard",
  "scriptpulse/api",
] as const;

const status = (name: string) =>
  `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\nMaintainer: Someone <s@example.com>\nDescription: test\n\n`;

/**
 * Packs the images and puts them into a registry.
 * @param version of what is in them: another one makes other images
 * @returns digest by repository
 */
export async function pushImages(
  directory: string,
  registry: string,
  version: string,
): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const repository of repositories) {
    const name = repository.replace("/", "-");
    const layout = join(directory, `${name}-${version}`);
    const changed = repository === "scriptpulse/api" ? version : "1";
    const files = [
      { path: "/etc/os-release", content: 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian 13"\n' },
      { path: "/var/lib/dpkg/status", content: status(name) },
      { path: `/usr/share/doc/${name}/copyright`, content: "License: Zlib\n" },
    ];
    const layers = [{ files }, { files: [{ path: "/content", content: `${repository} ${changed}\n`.repeat(20_000) }] }];
    const image = await packImage({ layers, entrypoint: ["/content"], user: "65532:65532" }, layout);
    await pushImage(layout, registry, repository);
    digests[repository] = image.digest;
  }
  return digests;
}

/** Writes the stack's file: the on-prem example with this one workload, and these images. */
export async function writeStack(project: string, name: string, digests: Record<string, string>): Promise<void> {
  const { config } = parse(await readFile(join(project, "Pulumi.onprem.yaml"), "utf8"));
  const small = {
    ...config,
    "palisade:release": { buildSha },
    "palisade:platformImages": Object.fromEntries(
      repositories
        .filter(repository => repository.startsWith("palisade/"))
        .map(repository => [repository.replace("palisade/", ""), digests[repository]]),
    ),
    "palisade:workloads": {
      scriptpulse: {
        ...config["palisade:workloads"].scriptpulse,
        images: { api: digests["scriptpulse/api"] },
      },
    },
  };
  await writeFile(join(project, `Pulumi.${name}.yaml`), stringify({ config: small }));
}

/** What pipelines would have written of these images. */
export function provenanceOf(digests: Record<string, string>) {
  const run = (name: string) => ({
    builderId: "https://ci.example.com/builders/1",
    pipelineId: `https://ci.example.com/${name}/runs/417`,
    source: `git+https://git.example.com/${name}`,
  });
  return {
    bundle: run("release"),
    images: Object.fromEntries(
      Object.entries(digests).map(([name, digest]) => [name, { ...run(name), digest, gitSha: buildSha }]),
    ),
  };
}
