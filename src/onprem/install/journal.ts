// Installer: what is under way, and what may be done about it. Pure decisions over the journal and the records (PF-3).
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";
import { version } from "../format/release";
import { compareVersions } from "../format/version-order";
import { isNamed, rollbackTarget } from "./rollback-target";

export const commands = ["install", "upgrade", "rollback", "uninstall"] as const;
export type CommandName = (typeof commands)[number];

/** An operation from its first write in the cluster to its last. */
export const operation = z.strictObject({
  schema: z.literal(1),
  command: z.enum(commands),
  /** What of: two operations of one command and one fingerprint are the same one. */
  fingerprint: z.string().max(128),
  version: version.or(z.literal("")),
  /** Revision of the record that it leads to; 0 for an uninstall. */
  revision: z.int().min(0),
  /** The step that was begun, or is done, last. */
  step: z.string().max(64),
  stepIsDone: z.boolean(),
  state: z.enum(["under way", "done", "failed"]),
  /** Why it goes back to the release before, from which step. */
  back: z.strictObject({ step: z.string().max(64), reason: z.string().max(4_000) }).optional(),
  deleteData: z.boolean().optional(),
  startedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Operation = z.output<typeof operation>;

/** What a record says of its release, without the objects. */
export const releaseHead = z.strictObject({
  schema: z.literal(1),
  revision: z.int().min(1),
  /** Counts each time a release became the one that runs: the order to go back in. */
  serial: z.int().min(0),
  state: z.enum(["pending", "deployed", "superseded", "failed"]),
  fingerprint: z.string().max(128),
  stack: z.string().max(64),
  environment: z.string().max(64),
  version,
  buildSha: z.string().max(64),
  indexDigest: z.string().max(128),
  registry: z.string().max(512),
  at: z.iso.datetime(),
  /** Whether a rollback led to it, so that it runs though it is not what was upgraded to last. */
  isBack: z.boolean().optional(),
});
export type ReleaseHead = z.output<typeof releaseHead>;

export interface Situation {
  operation?: Operation;
  releases: readonly ReleaseHead[];
}

export interface Request {
  command: CommandName;
  /** Of the target; empty where the records say what is meant. */
  fingerprint: string;
  version: string;
  buildSha: string;
  /** Of the bundle; where the records say what is meant there is none. */
  of?: Pick<ReleaseHead, "stack" | "environment">;
  /** What to go back to, as `nameOf` calls it. */
  to?: string;
  deleteData?: boolean;
}

export interface Decision {
  /**
   * `same`: it is what runs already; the steps are gone through all the same and mend what moved. `nothing`: nothing is
   * installed, or a rollback without a version has led to what runs already.
   */
  kind: "new" | "continue" | "continue back" | "same" | "nothing";
  /** The release that runs, where there is one. */
  current?: ReleaseHead;
  /** The record that is led to, where it is there already. */
  target?: ReleaseHead;
}

/** The release that runs. Between two writes of its record and its predecessor's, both say so: it is the later one. */
export const currentOf = (releases: readonly ReleaseHead[]): ReleaseHead | undefined =>
  releases.filter(({ state }) => state === "deployed").toSorted((a, b) => b.serial - a.serial)[0];

/** @throws Failure if the command is not the one to type now, with those that are. */
export function decide(request: Request, { operation: last, releases }: Situation): Decision {
  const current = currentOf(releases);
  const underWay = last?.state === "under way" ? last : undefined;
  if (underWay && isSame(request, underWay)) {
    const target = releases.find(({ revision }) => revision === underWay.revision);
    return { kind: underWay.back ? "continue back" : "continue", current, target };
  }
  if (underWay && !mayReplace(request, underWay, current)) throw refused(request, underWay, current);
  if (request.command === "uninstall") return { kind: releases.length > 0 || underWay ? "new" : "nothing", current };
  if (request.command === "rollback") return rollbackTarget(request.to, releases, current, underWay);
  requireSameStack(request, releases);
  const known = releases.find(({ fingerprint }) => fingerprint === request.fingerprint);
  if (!current) {
    if (request.command === "install") return { kind: "new", target: known };
    throw new Failure(
      "nothing is installed here, so there is nothing to upgrade",
      "Type: palisade install BUNDLE --key KEY",
    );
  }
  if (current.fingerprint === request.fingerprint) return { kind: "same", current, target: current };
  requireUpgrade(request, current);
  return { kind: "new", current, target: known?.state === "pending" || known?.state === "failed" ? known : undefined };
}

function isSame(request: Request, underWay: Operation): boolean {
  if (request.command !== underWay.command) return false;
  if (request.command === "uninstall") return (request.deleteData ?? false) === (underWay.deleteData ?? false);
  if (request.command === "rollback") return request.to === undefined || isNamed(request.to, underWay);
  return request.fingerprint === underWay.fingerprint;
}

/** Ways out of what is under way: back to what ran before, away with all of it, or a first install with what it lacked. */
function mayReplace({ command, deleteData }: Request, underWay: Operation, current: ReleaseHead | undefined): boolean {
  if (underWay.command === "uninstall") return command === "uninstall" && deleteData === true;
  if (command === "uninstall") return true;
  if (command === "install" && underWay.command === "install" && !current) return true;
  return command === "rollback" && underWay.command !== "rollback";
}

function refused(request: Request, underWay: Operation, current: ReleaseHead | undefined): Failure {
  const { command, version: to, step } = underWay;
  const what = `${command}${to ? ` of ${to}` : ""}`;
  const same = {
    install: "palisade install BUNDLE --key KEY",
    upgrade: "palisade upgrade BUNDLE --key KEY",
    rollback: `palisade rollback --to ${to}`,
    uninstall: `palisade uninstall${underWay.deleteData ? " --delete-data" : ""}`,
  }[command];
  const other =
    command === "uninstall"
      ? `To remove the data as well: palisade uninstall --delete-data`
      : current && command !== "rollback"
        ? `To go back to ${current.version}: palisade rollback`
        : "To remove all of it: palisade uninstall";
  const values = command === "install" || command === "upgrade" ? ", with the bundle and the values it began with" : "";
  return new Failure(
    `another operation is under way: ${what}, at step \`${step}\` since ${underWay.startedAt}; this would be ${request.command}${request.version ? ` of ${request.version}` : ""}`,
    `To finish it${values}: ${same}\n${other}`,
  );
}

/** One stack has one platform: another's release would prune all that is here. */
function requireSameStack({ of, version: to }: Request, releases: readonly ReleaseHead[]): void {
  const other = releases.find(({ stack, environment }) => of && (stack !== of.stack || environment !== of.environment));
  if (!of || !other) return;
  throw new Failure(
    `this bundle is release ${to} of ${of.stack} (${of.environment}), and what is here is ${other.version} of ${other.stack} (${other.environment}); a release goes over one of its own stack and environment only`,
    `See what there is: palisade status\nType the command with the bundle of ${other.stack} (${other.environment}).`,
  );
}

/** What an upgrade may lead to: a later version, or the same one with other values. */
function requireUpgrade(request: Request, current: ReleaseHead): void {
  const order = compareVersions(request.version, current.version);
  if (order < 0)
    throw new Failure(
      `${request.version} is older than ${current.version}, which is installed; allowed is ${current.version} or later`,
      `What ran before is kept in the cluster. Type: palisade rollback --to ${request.version}`,
    );
  if (order === 0 && request.buildSha !== current.buildSha)
    throw new Failure(
      `this bundle says ${request.version} and was built from ${short(request.buildSha)}, but ${current.version} that is installed was built from ${short(current.buildSha)}; a version is one build`,
      "Ask the vendor for a bundle with a version of its own, then: palisade verify BUNDLE --key KEY",
    );
  if (request.command === "install")
    throw new Failure(
      order === 0
        ? `${current.version} is installed, with other values or another registry`
        : `${current.version} is installed; this bundle is ${request.version}`,
      "Type: palisade upgrade BUNDLE --key KEY",
    );
}

const short = (sha: string): string => sha.slice(0, 12);
