// Recipe: when a release's commit was made, and which version it is called, from git: never from this machine's clock (PF-3, RT-9).
import { Failure } from "../../../toolchain/failure";
import { run } from "../../../toolchain/run";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { version } from "../format/release";
import { compareVersions } from "../format/version-order";

/** What a stack file holds until somebody releases. */
const PLACEHOLDER = "0".repeat(40);

/** @throws Failure if the stack still has the placeholder: provenance would name a commit that there is not */
export function requireCommit(buildSha: string, stack: string): void {
  if (buildSha !== PLACEHOLDER) return;
  throw new Failure(
    `\`palisade:release.buildSha\` of stack \`${stack}\` is the placeholder of zeros; allowed is the commit that the images were built from`,
    `pulumi config set --path palisade:release.buildSha "$(git rev-parse HEAD)" --stack ${stack}`,
  );
}

/**
 * When the release was made: SOURCE_DATE_EPOCH (seconds), or else the time of its commit, if this checkout has that.
 * @returns RFC 3339, in UTC
 * @throws Failure if neither says it: the clock would make every bundle another one
 */
export async function releaseTime(buildSha: string, directory = PROJECT_DIRECTORY): Promise<string> {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) {
    if (!/^\d{1,10}$/.test(given))
      throw new Failure(
        `SOURCE_DATE_EPOCH is ${JSON.stringify(given.slice(0, 40))}; allowed are seconds since 1970`,
        'export SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"',
      );
    return instant(given);
  }
  const { code, stdout } = await git(directory, ["show", "--no-patch", "--format=%ct", `${buildSha}^{commit}`]);
  if (code === 0 && /^\d+\n$/.test(stdout)) return instant(stdout);
  throw new Failure(
    `the time of commit ${buildSha} is not known: this checkout does not have it, and SOURCE_DATE_EPOCH is not set`,
    'In a checkout that has it: `export SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"`, then run the same command again.',
  );
}

/**
 * Version by which a tag of git calls the release's commit: the highest of its tags `v1.4.0` or `1.4.0`.
 * @throws Failure if none does
 */
export async function taggedVersion(buildSha: string, directory = PROJECT_DIRECTORY): Promise<string> {
  const { code, stdout } = await git(directory, ["tag", "--points-at", `${buildSha}^{commit}`]);
  const names = code === 0 ? stdout.split("\n").map(name => name.replace(/^v/, "")) : [];
  const [highest] = names.filter(name => version.safeParse(name).success).sort((a, b) => compareVersions(b, a));
  if (highest !== undefined) return highest;
  throw new Failure(
    `the release's version is not known: no tag such as v1.4.0 points at its commit ${buildSha}`,
    "Name it: `--release-version 1.4.0`, or tag the commit.",
  );
}

const instant = (seconds: string) => new Date(Number(seconds) * 1000).toISOString().replace(/\.\d+Z$/, "Z");

const git = (directory: string, args: readonly string[]) =>
  run("git", ["-C", directory, ...args], { timeoutMs: 30_000 });
