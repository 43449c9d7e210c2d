// Installer: what a rollback leads to, and that typed again it leads to the same (RT-9). Pure.
import { Failure } from "../../../toolchain/failure";
import { compareVersions } from "../format/version-order";
import type { Decision, Operation, ReleaseHead } from "./journal";

/**
 * With a version, to that one. Without, to what ran before the release that runs, or, where another was begun and has not come to
 * run, to the one that runs. Where a rollback led to what runs already it stays: an upgrade is taken back once, however often this
 * is typed.
 * @param to as `nameOf` calls it
 * @throws Failure naming what there is to go back to, if that is not it
 */
export function rollbackTarget(
  to: string | undefined,
  releases: readonly ReleaseHead[],
  current: ReleaseHead | undefined,
  underWay: Operation | undefined,
): Decision {
  const kept = keptOf(releases);
  const isUnfinished = underWay !== undefined && underWay.revision !== current?.revision;
  const isHere = current !== undefined && (isUnfinished || current.isBack === true);
  if (to === undefined && isHere && !underWay) return { kind: "nothing", current };
  const target = to !== undefined ? named(to, kept, current, isHere) : isHere ? current : before(current, kept);
  if (target) return { kind: target === current && !isUnfinished ? "same" : "new", current, target };
  throw new Failure(
    to === undefined
      ? `there is no release before ${current?.version ?? "the one that was begun"} to go back to`
      : `${to} is not among the releases kept here: ${kept.map(release => nameOf(release, kept)).join(", ") || "none"}`,
    "See what there is: palisade status",
  );
}

/** Releases that ran, the last one first. */
export function keptOf(releases: readonly ReleaseHead[]): ReleaseHead[] {
  return releases
    .filter(({ state }) => state === "deployed" || state === "superseded")
    .toSorted((a, b) => b.serial - a.serial);
}

/** How a release is called after `--to`: by its version, and where several ran with it by its revision too: `1.4.0@3`. */
export function nameOf({ version, revision }: ReleaseHead, kept: readonly ReleaseHead[]): string {
  return kept.filter(other => other.version === version).length > 1 ? `${version}@${revision}` : version;
}

/** Whether a name, with or without its revision, means this one. */
export const isNamed = (name: string, { version, revision }: Pick<ReleaseHead, "version" | "revision">): boolean =>
  name === version || name === `${version}@${revision}`;

/** What to tell whoever typed a rollback again. */
export function isBackText({ version, revision }: ReleaseHead, releases: readonly ReleaseHead[]): string {
  const kept = keptOf(releases);
  const further = kept.filter(release => release.revision !== revision && !isLater(release, version));
  const ways = further.map(release => `palisade rollback --to ${nameOf(release, kept)}`);
  const next = ways.length > 0 ? `To go further back: ${ways.join(", or ")}` : "There is none before it.";
  return `Release ${version} runs, and a rollback led to it; nothing was changed. ${next}`;
}

const isLater = (release: ReleaseHead, version: string): boolean => compareVersions(release.version, version) > 0;

/** Of several with one version the last that ran and is not the one that runs, unless that is where a rollback led already. */
function named(
  to: string,
  kept: readonly ReleaseHead[],
  current: ReleaseHead | undefined,
  isHere: boolean,
): ReleaseHead | undefined {
  const all = kept.filter(release => isNamed(to, release));
  const others = all.filter(release => release !== current);
  return isHere && current && all.includes(current) ? current : (others[0] ?? all[0]);
}

function before(current: ReleaseHead | undefined, kept: readonly ReleaseHead[]): ReleaseHead | undefined {
  return kept.find(release => release !== current && (!current || !isLater(release, current.version)));
}
