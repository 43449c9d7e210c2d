// Toolchain: the versions that belong together, and the oldest ones that will do.

/** Engine: pinned for builds and downloads, and the oldest that a found one may be (the tests ran with it). */
export const ENGINE_VERSION = "3.256.0";

/** Plugins, by package; equal to the npm versions in package.json, which a test holds. */
export const PLUGIN_VERSIONS = { aws: "7.21.0", random: "4.21.2", kubernetes: "4.34.2" } as const;
export type PluginName = keyof typeof PLUGIN_VERSIONS;
/** Those that can be built from Terraform's providers; kubernetes has a stand-in of its own. */
export const BRIDGED_PLUGINS = ["aws", "random"] as const satisfies readonly PluginName[];

export const MINIMUM_NODE = "20.17.0";
export const MINIMUM_GO = "1.25.11";
export const MINIMUM_PYTHON = "3.11.0";

/** First version number in a tool's answer to `--version`, or undefined. */
export function parseVersion(text: string): string | undefined {
  return /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text)?.[0];
}

/** Whether `found` is at least `needed`, comparing numbers part by part. */
export function atLeast(found: string, needed: string): boolean {
  const [a, b] = [found, needed].map(v => v.split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const [x, y] = [a?.[i] ?? 0, b?.[i] ?? 0];
    if (x !== y) return x > y;
  }
  return true;
}
