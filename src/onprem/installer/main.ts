// Installer: the command table of the executable that lies in a bundle. Thin: each command calls one function of run.ts.
import { Command, CommanderError } from "commander";
import { tellVerified } from "../bundle/tell-verified";
import { jsonLine } from "../install/report";
import { waysToSupply } from "../secrets/supplied";
import {
  count,
  withBundle,
  withCluster,
  withCtr,
  withGrant,
  withImages,
  withKubeconfig,
  withRun,
  withServe,
  withTrust,
} from "./options";
import { runBundle, runGrant, runRollback, runStatus, runUninstall } from "./run";
import { runImport, runServe } from "./serve";
import { runSupportBundle } from "./support";
import { toldOf } from "./told";
import { typed } from "./typed";

/** Exit codes of every command: done, refused or failed with the reason, wrong usage. */
const exit = { done: 0, failed: 1, usage: 2 } as const;

/** Replaced by the build with the version of the platform. */
declare const INSTALLER_VERSION: string | undefined;

const installerVersion = typeof INSTALLER_VERSION === "string" ? INSTALLER_VERSION : "not built";

/** Lines of each log that a support bundle has unless told. */
const supportLines = 500;

/** By one that releases of the router ask for. */
const secretsHelp = `Values that nobody can make, such as tokens, are given once; what is in the cluster already stays.
${waysToSupply([{ workload: "router", variable: "TELEGRAM_BOT_TOKEN" }])}`;

/** @param again the command that was typed: what is refused is told with it, every option included */
function program(again: string): Command {
  const palisade = new Command("palisade")
    .description("Verifies a bundle, and installs it on a Kubernetes cluster that needs no network beyond its own.")
    .version(installerVersion)
    .exitOverride()
    .showHelpAfterError("Run `palisade --help` for the commands.");
  const example = (text: string) => `\nExample: ${text}`;
  withTrust(palisade.command("verify <bundle>").description("verify a bundle, every byte of it, and change nothing"))
    .option("--json", "one JSON object for machines")
    .addHelpText("after", example("./palisade verify palisade-1.4.0.tar --key vendor.pub"))
    .action((bundle, options) => tellVerified(bundle, options, again));
  for (const [name, description] of [
    ["install", "install a release, or go on with one that was begun"],
    ["upgrade", "upgrade to a later release, or the same one with other values"],
  ] as const)
    withImages(withRun(withBundle(palisade.command(`${name} <bundle>`).description(description))))
      .addHelpText("after", `\n${secretsHelp}\n${example(`./palisade ${name} palisade-1.4.0.tar --key vendor.pub`)}`)
      .action((bundle, options) => runBundle(name, bundle, options, again));
  withGrant(withImages(withRun(withBundle(palisade.command("plan <bundle>")))))
    .description("print what an install or upgrade would do, and what keeps it from beginning; change nothing")
    .option("--grant", "print what an administrator applies once, as YAML, and nothing else")
    .addHelpText("after", example("./palisade plan palisade-1.4.0.tar --key vendor.pub"))
    .action((bundle, options) =>
      options.grant ? runGrant(bundle, options, again) : runBundle("plan", bundle, options, again),
    );
  withRun(
    palisade.command("rollback").description("go back to a release that was installed before; no bundle is needed"),
  )
    .option(
      "--to <version>",
      "what to go back to, as `status` names it; default: what ran before the last upgrade, or the one that runs where that has not ended. Typed again without it, nothing is changed",
    )
    .option("--namespace <name>", "the platform's namespace; default: it is looked for")
    .addHelpText("after", example("./palisade rollback --to 1.3.0"))
    .action(options => runRollback(options));
  withRun(palisade.command("uninstall").description("remove the release; its data stays unless told otherwise"))
    .option("--delete-data", "delete all volumes and Secrets as well; they cannot be had back")
    .option("--namespace <name>", "the platform's namespace; default: it is looked for")
    .addHelpText("after", example("./palisade uninstall --yes"))
    .action(options => runUninstall(options));
  withCluster(palisade.command("status").description("print what is installed and how it is"))
    .option("--namespace <name>", "the platform's namespace; default: it is looked for")
    .addHelpText("after", example("./palisade status"))
    .action(options => runStatus(options));
  withCluster(palisade.command("support-bundle").description("collect what support needs, without secrets and content"))
    .option("--out <file>", "file to write", "palisade-support.tar.gz")
    .addOption(count("--lines <number>", "lines from the end of each log", supportLines, 10_000))
    .option("--namespace <name>", "the platform's namespace; default: it is looked for")
    .addHelpText("after", example("./palisade support-bundle"))
    .action(options => runSupportBundle(options, installerVersion));
  withKubeconfig(withGrant(withBundle(palisade.command("grant <bundle>"))))
    .description("print what an administrator applies once, as YAML; works without a cluster")
    .option("--secrets-from <namespace/name>", "a Secret that holds the values of supplied secrets")
    .addHelpText("after", example("./palisade grant palisade-1.4.0.tar --key vendor.pub | kubectl apply -f -"))
    .action((bundle, options) => runGrant(bundle, options, again));
  withServe(withBundle(palisade.command("serve <bundle>")))
    .description("serve the bundle's images as a read-only registry, until a signal ends it")
    .addHelpText(
      "after",
      example(
        "./palisade serve palisade-1.4.0.tar --key vendor.pub --listen 10.0.0.5:5000 --tls-cert a.crt --tls-key a.key",
      ),
    )
    .action((bundle, options) => runServe(bundle, options, again));
  withCtr(withBundle(palisade.command("import <bundle>")))
    .description("import the bundle's images into the containerd of this node; once on each node")
    .addHelpText("after", example("./palisade import palisade-1.4.0.tar --key vendor.pub --ctr 'k3s ctr'"))
    .action((bundle, options) => runImport(bundle, options, again));
  return palisade;
}

/** Runs a command line, such as `["status", "--json"]`. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  try {
    await program(typed(args)).parseAsync(args, { from: "user" });
    return exit.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.usage;
    const told = toldOf(error);
    if (args.includes("--json")) process.stdout.write(jsonLine("end", { failed: told.what, next: told.fix }));
    else process.stderr.write(`palisade: ${told.message}\n`);
    return exit.failed;
  }
}
