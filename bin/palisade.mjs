#!/usr/bin/env node
// Starts `palisade`. Plain JavaScript: on a fresh clone it runs before anything is installed, and installs it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

const NEEDED_NODE = [20, 17];
const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor < NEEDED_NODE[1])) {
  fail(`Node is ${process.versions.node}; ${NEEDED_NODE.join(".")} or newer is needed.`, "Install Node 20, 22 or 24.");
}
// What takes time here are other programs, disks and networks: V8 takes less memory rather than run scripts faster.
setFlagsFromString("--optimize-for-size");
installPackages();
const require = createRequire(join(root, "package.json"));
(await import("tsx/cjs/api")).register();
require(join(root, "src/cli/main.ts")).main(process.argv.slice(2));

/** `npm ci`, unless this very lock file was installed to its end before. */
function installPackages() {
  const lock = readFileSync(join(root, "package-lock.json"));
  const sum = createHash("sha256").update(lock).update(process.versions.modules).digest("hex");
  const stamp = join(root, "node_modules", ".palisade-installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === sum) return;
  process.stderr.write("  … npm packages: installing\n");
  // No package here needs its install script; not running them keeps a clone from executing what it downloads.
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (npm.status !== 0)
    fail(`\`npm ci\` ended with ${npm.status ?? npm.error?.message}.`, "Run the same command again.");
  writeFileSync(stamp, sum);
  process.stderr.write("  ✓ npm packages\n");
}

function fail(what, fix) {
  process.stderr.write(`palisade: ${what}\n${fix}\n`);
  process.exit(1);
}
