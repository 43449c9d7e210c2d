// Installer's commands: each opens what it needs, calls one operation, and says how it ended.
import { Failure } from "../../../toolchain/failure";
import { ApiError } from "../../kubernetes/errors";
import { grantText } from "../grant/grant";
import { subjectOf } from "../grant/subject";
import type { Environment, Outcome } from "../install/environment";
import { thisProcess } from "../install/holder";
import { currentOf } from "../install/journal";
import { leftOvers } from "../install/left-over";
import type { Parts, Target } from "../install/parts";
import { jsonLine, jsonReport, type Report, reportSchema, textReport } from "../install/report";
import { statusOf } from "../install/status";
import { statusText } from "../install/status-text";
import { findNamespace, store as storeAt } from "../install/store";
import { fingerprintOf } from "../install/target";
import { advance, rollback } from "../install/transition";
import { uninstall } from "../install/uninstall";
import { storeOf } from "../secrets/supplied";
import { answers } from "./answers";
import { bundleParts, recordedParts } from "./bundle-parts";
import { type Opened, openTarget } from "./bundle-target";
import { type Connected, connected } from "./connect";
import { earlierReleases } from "./earlier";
import { accountAt, grantCommandOf, recordedGrant } from "./grant-command";
import type { BundleOptions, ClusterOptions, GrantOptions, ImagesOptions, RunOptions } from "./options";
import { reading, readProgress } from "./read-progress";

/**
 * `plan` is an install or an upgrade, whichever is due, that stops at its plan and looks whether it could begin.
 * @param again the command that was typed, here and below
 */
export async function runBundle(
  command: "install" | "upgrade" | "plan",
  bundle: string,
  options: BundleOptions & RunOptions & ImagesOptions,
  again: string,
): Promise<void> {
  await working(options, async (report, environment, cancelled) => {
    const isPlan = command === "plan";
    const opened = await verified(bundle, options, again, report, cancelled);
    try {
      const connection = await connected(options);
      const account = await accountAt(connection.cluster);
      const grantCommand = grantCommandOf(bundle, options, account, opened.target.platformNamespace);
      const parts = await bundleParts(opened, connection, options, grantCommand);
      const here = environment(connection, parts, grantCommand, isPlan);
      const outcome = await advance(here, isPlan ? await dueCommand(connection, opened) : command, opened.target);
      if (isPlan) await looked(here, opened.target);
      return outcome;
    } finally {
      await opened.bundle.close();
    }
  });
}

export async function runRollback(options: RunOptions & { to?: string; namespace?: string }): Promise<void> {
  await working(options, async (_, environment) => {
    const connection = await connected(options);
    const namespace = await namespaceOf(connection, options.namespace);
    return rollback(environment(connection, recordedParts(options), recordedGrant), namespace, options.to);
  });
}

export async function runUninstall(options: RunOptions & { deleteData?: boolean; namespace?: string }): Promise<void> {
  await working(options, async (_, environment) => {
    const connection = await connected(options);
    const { cluster } = connection;
    const namespace = (await findNamespace(cluster, options.namespace ?? "")) ?? (await leftOvers(cluster))[0];
    if (namespace === undefined) return { changed: false, text: "Nothing is installed in this cluster." };
    return uninstall(
      environment(connection, recordedParts(options), recordedGrant),
      namespace,
      options.deleteData ?? false,
    );
  });
}

export async function runStatus(options: ClusterOptions & { namespace?: string }): Promise<void> {
  const { cluster } = await connected(options);
  const namespace = await findNamespace(cluster, options.namespace ?? "");
  const status = await statusOf(cluster, namespace ?? "");
  process.stdout.write(options.json ? `${JSON.stringify({ schema: reportSchema, ...status })}\n` : statusText(status));
}

/** Prints what an administrator applies once, so that the installer then needs rights in its own namespaces only. */
export async function runGrant(bundle: string, options: GrantOptions, again: string): Promise<void> {
  const { for: account, secretsFrom } = options;
  const to = {
    ...(account !== undefined && { subject: subjectOf(account) }),
    ...(secretsFrom !== undefined && { secretsFrom: storeOf(secretsFrom) }),
  };
  // What is printed is for kubectl; how far it is goes elsewhere.
  const opened = await reading(process.stderr, new AbortController().signal, progress =>
    openTarget(bundle, options, again, progress),
  );
  try {
    const { objects, note } = await earlierReleases(options, opened.target);
    process.stdout.write(grantText(opened.target, { ...to, earlier: objects, note }));
  } finally {
    await opened.bundle.close();
  }
}

async function verified(
  bundle: string,
  options: BundleOptions,
  again: string,
  report: Report,
  cancelled: AbortSignal,
): Promise<Opened> {
  report.begins("verify", "verify the bundle");
  try {
    const opened = await openTarget(bundle, options, again, readProgress(report.progress, cancelled));
    report.done("verify", `release ${opened.target.version}, ${opened.target.indexDigest}`);
    return opened;
  } catch (error) {
    report.failed("verify", error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** @throws Failure with all that keeps the plan from being begun */
async function looked({ report, parts, cluster, cancelled }: Environment, target: Target): Promise<void> {
  report.begins("preflight", "look whether it could begin");
  try {
    const work = { progress: report.progress, say: report.say, cancelled };
    report.done("preflight", await parts.preflight(cluster, target, work));
  } catch (error) {
    report.failed("preflight", error instanceof Error ? error.message : String(error));
    throw error;
  }
}

async function dueCommand({ cluster }: Connected, { target }: Opened): Promise<"install" | "upgrade"> {
  const releases = await storeAt(cluster, target.platformNamespace)
    .situation()
    .then(situation => situation.releases)
    .catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 403)) throw error;
      // Whoever may not look is told so by what comes next, with what to do.
      return [];
    });
  const current = currentOf(releases);
  return current && current.fingerprint !== fingerprintOf(target) ? "upgrade" : "install";
}

async function namespaceOf({ cluster }: Connected, named = ""): Promise<string> {
  const namespace = await findNamespace(cluster, named);
  if (namespace !== undefined) return namespace;
  throw new Failure("nothing is installed in this cluster", "Type: palisade install BUNDLE --key KEY");
}

type Make = (connection: Connected, parts: Parts, grantCommand: string, dryRun?: boolean) => Environment;

/** What is common to all that write: output, questions, and an end that the user asks for. */
async function working(
  options: RunOptions,
  go: (report: Report, environment: Make, cancelled: AbortSignal) => Promise<Outcome>,
): Promise<void> {
  const report = options.json ? jsonReport(process.stdout) : textReport(process.stdout);
  const cancelled = new AbortController();
  const asked = answers(options, question => report.ask(question), cancelled.signal);
  const interrupt = () => {
    // The second time means now; the journal bears it.
    if (cancelled.signal.aborted) process.exit(130);
    cancelled.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  const make: Make = ({ cluster }, parts, grantCommand, dryRun = options.dryRun ?? false) => ({
    ...{ cluster, report, parts, grantCommand, dryRun, ...asked },
    ...{ cancelled: cancelled.signal, timeoutS: options.timeout, keep: options.keep, holder: thisProcess() },
  });
  try {
    const { changed, text } = await go(report, make, cancelled.signal);
    report.close();
    process.stdout.write(options.json ? jsonLine("end", { changed, text }) : `${text}\n`);
  } finally {
    report.close();
    asked.close();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
}
