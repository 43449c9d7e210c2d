// Cluster tests: whoever makes bundles: a registry and a key of its own, and a stack that is rendered and bundled as a vendor types it (PF-3).
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import { catalog } from "../../src/catalog/catalog";
import { imagesOf } from "../../src/onprem/render/images";
import { releaseInputs } from "../../src/onprem/render/inputs";
import { renderRelease } from "../../src/onprem/render/rendered-release";
import { type RunResult, run } from "../../toolchain/run";
import { type LocalStack, openLocalStack, pulumi } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";
import { debianRegistry } from "../toolchain/registries";
import type { StackValues } from "./local-stack";

export interface Vendor {
  /** host:port on loopback, plain http. */
  registry: string;
  publicKeyPem: string;
  /** Renders a stack and makes its bundle. @returns path of the bundle */
  release(wanted: WantedRelease): Promise<string>;
  /** Ends the registry; what it holds stays in the directory. */
  close(): Promise<void>;
}

export interface WantedRelease {
  version: string;
  values: StackValues;
  /** Bundle to make. */
  out: string;
  /** Older bundle that this one, a delta, builds on. */
  since?: string;
}

interface VendorOptions {
  /** Keeps the key, the stack's state and what the registry holds. */
  directory: string;
  /** Checkout in which commands are typed; manifests are rendered there. */
  project: string;
  /** Name of the stack. */
  stack: string;
  /** Shows what the commands print. */
  tee?: boolean;
}

/** When these releases were made: what is made of the same images twice is the same. */
const madeAt = "1767225600";

/** Opens the vendor's place; what an earlier one left in the directory is used again. */
export async function openVendor(options: VendorOptions): Promise<Vendor> {
  const { directory } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const key = join(directory, "vendor.key");
  const publicKey = join(directory, "vendor.pub");
  if (!existsSync(publicKey)) {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await writeFile(key, pair.privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
    await writeFile(publicKey, pair.publicKey.export({ format: "pem", type: "spki" }));
  }
  const registry = await debianRegistry(directory);
  let rendered: StackValues | undefined;
  return {
    registry: registry.address,
    publicKeyPem: await readFile(publicKey, "utf8"),
    release: async wanted => {
      // A delta is of the very stack that the whole bundle is of.
      const isRendered = rendered !== undefined && isDeepStrictEqual(rendered, wanted.values);
      const stack = await stackOf(options, wanted.values);
      if (!isRendered) await render(options, stack);
      rendered = wanted.values;
      return bundle(options, stack, registry.address, key, wanted);
    },
    close: async () => {
      await registry.stop();
    },
  };
}

async function stackOf({ directory, project, stack }: VendorOptions, values: StackValues): Promise<LocalStack> {
  const config = Object.fromEntries(Object.entries(values).map(([field, value]) => [`palisade:${field}`, value]));
  const source = join(directory, "stack.yaml");
  await writeFile(source, stringify({ config }));
  const tools = await ensureToolchain();
  return openLocalStack({ name: stack, directory: join(directory, "stacks"), tools, source, project });
}

async function render({ project, tee }: VendorOptions, stack: LocalStack): Promise<void> {
  must(await pulumi(stack, ["up", "--yes", "--skip-preview", "--suppress-progress"], { project, tee }), "pulumi up");
}

async function bundle(
  { directory, project, stack: name, tee }: VendorOptions,
  { configFile }: LocalStack,
  registry: string,
  key: string,
  { version, values, out, since }: WantedRelease,
): Promise<string> {
  const provenance = join(directory, "provenance.json");
  await writeFile(provenance, JSON.stringify(provenanceOf(name, values)));
  const args = [
    ...["bin/palisade.mjs", "bundle", "--stack", name, "--config-file", configFile, "--from", registry],
    ...["--key", key, "--provenance", provenance, "--release-version", version, "--out", out],
    ...(since === undefined ? [] : ["--since", since]),
  ];
  const env = { ...process.env, SOURCE_DATE_EPOCH: madeAt };
  must(await run(process.execPath, args, { cwd: project, env, tee }), "palisade bundle");
  return out;
}

/** What a pipeline would write; here nobody else built the images. */
function provenanceOf(stack: string, values: StackValues): object {
  const inputs = releaseInputs(values, catalog, stack);
  const { config } = renderRelease(inputs);
  const built = {
    builderId: "https://palisade.invalid/local",
    pipelineId: "https://palisade.invalid/local/runs/1",
    source: "git+https://palisade.invalid/reference-services",
  };
  const gitSha = config.release.buildSha;
  const images = [...imagesOf(config, inputs.workloads)].map(([repository, digest]) => [
    repository,
    { ...built, digest, gitSha },
  ]);
  return { bundle: built, images: Object.fromEntries(images) };
}

function must({ code, stdout, stderr }: RunResult, command: string): void {
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${stdout}\n${stderr}`);
}
