// Benchmarks: the programs that bundles are measured against, and how each is asked: Zarf, skopeo and curl.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tool } from "../../test/toolchain/debian-tools";
import { Failure } from "../../toolchain/failure";
import type { BenchImage } from "./images";
import type { Program } from "./process";

const TAG = "1.0.0";

/** Copies each image of a layout to a registry, all at once. */
export function skopeoCopies(
  { program, args }: Tool,
  layout: string,
  images: readonly BenchImage[],
  address: string,
): Program[] {
  const options = ["--quiet", "--preserve-digests", "--dest-tls-verify=false"];
  return images.map(({ repository }) => ({
    command: program,
    args: [
      ...[...args, "--insecure-policy", "copy", ...options],
      ...[`oci:${layout}:${repository}`, `docker://${address}/${repository}:${TAG}`],
    ],
  }));
}

/** As lean as Zarf can be told to be: no SBOMs, and no compression of what is compressed. Its home is below `place` too. */
export async function zarfCreate(
  zarf: string,
  address: string,
  images: readonly BenchImage[],
  place: string,
): Promise<Program> {
  const [source, home, temporary, cache, out] = ["source", "home", "tmp", "cache", "out"].map(name =>
    join(place, name),
  );
  for (const directory of [source, home, temporary, cache, out]) await mkdir(directory ?? "", { recursive: true });
  const definition = {
    kind: "ZarfPackageConfig",
    metadata: { name: "bench", version: "1.0.0", architecture: "amd64", uncompressed: true },
    components: [
      {
        name: "images",
        required: true,
        images: images.map(({ repository, manifest }) => `${address}/${repository}@${manifest.digest}`),
      },
    ],
  };
  await writeFile(join(source ?? "", "zarf.yaml"), JSON.stringify(definition));
  const args = ["package", "create", source ?? "", "--confirm", "--skip-sbom", "--plain-http", "--no-color"];
  const places = ["--output", out ?? "", "--tmpdir", temporary ?? "", "--zarf-cache", cache ?? ""];
  return {
    command: zarf,
    args: [...args, ...places],
    cwd: source,
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: temporary, DOCKER_CONFIG: home },
  };
}

/** As many connections as ours has, the largest blob first as ours has it. */
export async function curlDownload(address: string, images: readonly BenchImage[], place: string): Promise<Program> {
  await mkdir(place, { recursive: true });
  const blobs = new Map(
    images.flatMap(image => image.blobs.slice(1).map(blob => [blob.digest, { ...blob, repository: image.repository }])),
  );
  const sorted = [...blobs.values()].sort((a, b) => b.size - a.size);
  const wanted = sorted.flatMap(({ digest, repository }, at) => [
    "--output",
    join(place, String(at)),
    `http://${address}/v2/${repository}/blobs/${digest}`,
  ]);
  const curl = ["--silent", "--show-error", "--fail", "--parallel", "--parallel-max", "6", ...wanted];
  return { command: "sh", args: ["-c", 'place="$1"; shift; curl "$@" && sync "$place"/*', "sh", place, ...curl] };
}

/** The package that Zarf made. */
export async function zarfPackage(place: string): Promise<string> {
  const [file] = (await readdir(join(place, "out"))).filter(name => name.startsWith("zarf-package-"));
  if (!file) throw new Failure("Zarf made no package", "");
  return join(place, "out", file);
}
