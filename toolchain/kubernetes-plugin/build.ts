// Kubernetes plugin: one file of JavaScript and a launcher, so that it starts in a third of a second and needs no checkout.
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sourceKey } from "../cache";
import { PLUGIN_VERSIONS } from "../versions";

const root = join(__dirname, "..", "..");

/** Checksum of all the plugin is made of: its source, what it shares with the installer, and the packages it bundles. */
export function kubernetesPluginKey(): string {
  const shared = sourceKey(join(root, "src", "kubernetes"));
  return sourceKey(__dirname, shared, readFileSync(join(root, "package-lock.json"), "utf8"), process.execPath);
}

/** The plugin as DIR/pulumi-resource-kubernetes, which runs DIR/plugin.cjs with the Node that built it. */
export async function buildKubernetesPlugin(directory: string): Promise<void> {
  // Loaded here, because every command of palisade reads this file and few build.
  const { build } = await import("esbuild");
  await build({
    entryPoints: [join(__dirname, "main.ts")],
    outfile: join(directory, "plugin.cjs"),
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minify: true,
    keepNames: true,
    legalComments: "none",
    logLevel: "silent",
    define: { PLUGIN_VERSION: JSON.stringify(PLUGIN_VERSIONS.kubernetes) },
  });
  const script = `#!/bin/sh\nexec '${process.execPath.replaceAll("'", `'\\''`)}' "$(dirname "$(readlink -f "$0")")/plugin.cjs" "$@"\n`;
  await writeFile(join(directory, "pulumi-resource-kubernetes"), script, { mode: 0o755 });
}
