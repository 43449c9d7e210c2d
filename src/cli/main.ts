// CLI: the command table of `palisade`. Each command loads and calls one function; nothing is imported before it is needed.
import { Argument, Command, CommanderError, Option } from "commander";
import { Failure } from "../../toolchain/failure";
import { load } from "./load";
import { json, releaseCommands } from "./release-commands";

/** Exit codes of every command: done, refused or failed with the reason, wrong usage. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Runs a command line, such as `["config", "check", "--file", "Pulumi.dev.yaml"]`, and ends the process. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    const code = await runCommand(args);
    process.exitCode = code;
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
    } else if (error instanceof Failure) {
      process.stderr.write(`palisade: ${error.message}\n`);
      process.exitCode = EXIT.failed;
    } else throw error;
  }
}

async function runCommand(args: readonly string[]): Promise<number> {
  let code: number = EXIT.done;
  const program = new Command("palisade")
    .description("Regulated workloads from one specification: SaaS on AWS, or an air-gapped bundle on Kubernetes.")
    .exitOverride()
    .showHelpAfterError("Run `palisade --help` for the commands.");

  program
    .command("start")
    .description("bring the dev stack up in the local AWS")
    .addHelpText("after", "\nExample: npm start")
    .action(async () => {
      code = await load("./start").start();
    });
  program
    .command("down")
    .description("destroy the dev stack and stop the local AWS")
    .addHelpText("after", "\nExample: npx palisade down")
    .action(async () => {
      code = await load("./start").down();
    });
  program
    .command("onprem")
    .description("make a bundle, and install it in a cluster on this machine that nothing else reaches")
    .addHelpText("after", "\nExample: npm run onprem")
    .action(async () => {
      code = await load("./onprem").onprem();
    });
  program
    .command("test [filters...]")
    .description("make the toolchain, then run the tests (all, or those whose file names match)")
    .option("--golden", "write the golden previews anew")
    .option("--project <name>", "one kind only: unit, toolchain, preview, sandbox, cluster or docs")
    .addHelpText("after", "\nExample: npm test -- --project unit config")
    .action(async (filters: string[], options: { golden?: boolean; project?: string }) => {
      code = await load("./test").test(filters, options);
    });
  program
    .command("bench")
    .addArgument(new Argument("<name>", "what to measure").choices(["preview", "cluster", "bundle"]))
    .description("measure, as ratios to a peer in the same run")
    .option("--size <size>", "of `bundle`: bytes of the images' layers, such as 64MB; 2GB unless given")
    .option("--rounds <count>", "of `bundle`: rounds of each contest, 1 to 99; 5 unless given")
    .option("--no-zarf", "of `bundle`: leave Zarf out, which takes minutes to build on first use")
    .addHelpText("after", "\nExample: npm run bench:preview")
    .action(async (name: string, options: { size?: string; rounds?: string; zarf?: boolean }) => {
      code = await load("./bench").bench(name, options);
    });
  program
    .command("toolchain")
    .description("find or make the engine, the plugins and the local AWS")
    .option(...json)
    .addHelpText("after", "\nExample: npx palisade toolchain")
    .action(async (options: { json?: boolean }) => {
      code = await load("./tools").toolchain(options);
    });
  program
    .command("doctor")
    .description("list every prerequisite: found, needed, how to get it")
    .option(...json)
    .addHelpText("after", "\nExample: npx palisade doctor")
    .action(async (options: { json?: boolean }) => {
      code = await load("./tools").doctor(options);
    });
  program
    .command("env")
    .description("print what lets you type `pulumi` by hand on the dev stack")
    .addHelpText("after", '\nExample: eval "$(npx palisade env)" && pulumi preview --stack dev')
    .action(async () => {
      code = await load("./tools").env();
    });

  program
    .command("graph")
    .description("draw what a stack would build, from the engine's own graph, as a Mermaid flow chart")
    .option("--stack <name>", "stack to draw", "dev")
    .option("--workload <name>", "draw this one and what it touches; unless told, each workload is one box")
    .option("--write <file>", "put it between the marks of a Markdown file")
    .option(...json)
    .addHelpText("after", "\nExample: npx palisade graph --workload sanctum --write README.md")
    .action(async (options: { stack: string; workload?: string; write?: string; json?: boolean }) => {
      code = await load("./graph").graph(options);
    });

  program
    .command("render <workload>")
    .description("print a workload as a Compose file, as systemd units or as Kubernetes objects")
    .addOption(
      new Option("--format <format>", "shape").choices(["compose", "systemd", "kubernetes"]).makeOptionMandatory(),
    )
    .option("--stack <name>", "stack whose images and settings are taken", "dev")
    .option(...json)
    .addHelpText("after", "\nExample: npx palisade render sanctum --format compose > compose.yaml")
    .action(
      async (
        workload: string,
        options: { format: "compose" | "systemd" | "kubernetes"; stack: string; json?: boolean },
      ) => {
        code = await load("./render").render(workload, options);
      },
    );

  const sandbox = program.command("sandbox").description("the local AWS of this checkout, or its local cluster");
  for (const [name, description] of [
    ["up", "start it"],
    ["down", "stop it; its memory is gone"],
    ["status", "say whether it runs"],
  ] as const)
    sandbox
      .command(name)
      .description(description)
      .option("--cluster", "a Kubernetes cluster instead of the local AWS")
      .option("--kubeconfig <file>", "with --cluster: use the cluster of this file, as it is")
      .option("--kind", "with --cluster: use kind and its container daemon")
      .option(...json)
      .addHelpText("after", `\nExample: npx palisade sandbox ${name} --cluster`)
      .action(async (options: { cluster?: boolean; kubeconfig?: string; kind?: boolean; json?: boolean }) => {
        code = await load("./sandbox").sandbox(name, options);
      });

  const config = program.command("config").description("stack configuration");
  config
    .command("check")
    .description("check stack configuration files; every fault at once")
    .option("--file <file>", "one file; all Pulumi.*.yaml of the project unless told")
    .option(...json)
    .addHelpText("after", "\nExample: npx palisade config check --file Pulumi.prod.yaml")
    .action(async (options: { file?: string; json?: boolean }) => {
      code = await load("./config").check(options);
    });
  config
    .command("schema")
    .description("print the JSON Schema of Pulumi.<stack>.yaml")
    .addHelpText("after", "\nExample: npx palisade config schema > docs/stack-config.schema.json")
    .action(async () => {
      code = await load("./config").schema();
    });
  config
    .command("diff <from> <to>")
    .description("keys that differ between two stacks; never values")
    .option(...json)
    .addHelpText("after", "\nExample: npx palisade config diff staging prod")
    .action(async (from: string, to: string, options: { json?: boolean }) => {
      code = await load("./config").diff(from, to, options);
    });

  releaseCommands(program, ended => {
    code = ended;
  });

  const logs = program.command("logs").description("log records (RT-23)");
  logs
    .command("schema")
    .description("print the JSON Schema of a log record")
    .addHelpText("after", "\nExample: npx palisade logs schema > docs/log-record.schema.json")
    .action(async () => {
      code = await load("./logs").schema();
    });
  logs
    .command("check <file>")
    .description("hold each line of a log against the schema; never shows what stands in one")
    .option(...json)
    .addHelpText("after", "\nExample: npx palisade logs check router.jsonl")
    .action(async (file: string, options: { json?: boolean }) => {
      code = await load("./logs").check(file, options);
    });

  await program.parseAsync([...args], { from: "user" });
  return code;
}
