// CLI: the part of the command table that makes releases, and verifies them.
import type { Command } from "commander";
import { load } from "./load";

/** Flags and text of an option that most commands have. */
export const json = ["--json", "print one JSON document for machines"] as const;

/** @param end takes the exit code of a command that ran */
export function releaseCommands(program: Command, end: (code: number) => void): void {
  program
    .command("bundle")
    .description("make one signed file of a stack with `delivery: bundle`: images, manifests, installer, statements")
    .requiredOption("--stack <name>", "stack that `pulumi up` rendered")
    .option("--config-file <file>", "its file, as `pulumi up --config-file` has it; Pulumi.<stack>.yaml unless told")
    .requiredOption("--out <file>", "file to make")
    .requiredOption("--from <registry>", "registry that has the images: HOST[:PORT][/PREFIX]")
    .requiredOption("--key <key>", "private key that signs: a file, or awskms:///KEY")
    .option(
      "--provenance <file>",
      "how each image was built, as the pipelines wrote it; needed, and explained without it",
    )
    .option("--release-version <version>", "version of the release; the tag of its commit unless told")
    .option("--since <file>", "older bundle: carry only what it lacks")
    .option("--split <size>", "make parts of this size, such as 4GB")
    .option("--registry-auth <file>", "credentials as in Docker's config.json, which is the default")
    .option("--registry-ca <file>", "authority of the registry's certificate, in PEM")
    .option("--plain-http", "speak http with a registry that is not on loopback")
    .option(...json)
    .addHelpText(
      "after",
      "\nExample: npx palisade bundle --stack onprem --from registry.example.com --key vendor.key --provenance provenance.json --out onprem-1.4.0.tar",
    )
    .action(async (options: import("./bundle-of-stack").StackBundleOptions) => {
      end(await load("./bundle-of-stack").bundleOfStack(options));
    });
  program
    .command("installer")
    .description("write the operator's executables with checksums and signatures, as a bundle holds them")
    .requiredOption("--key <key>", "private key that signs: a file, or awskms:///KEY")
    .requiredOption("--out <directory>", "where they go")
    .option(...json)
    .addHelpText("after", "\nExample: npx palisade installer --key vendor.key --out installer")
    .action(async (options: import("./installer").InstallerOptions) => {
      end(await load("./installer").installer(options));
    });
  program
    .command("verify <file>")
    .description("verify every byte of a bundle: a tar, the first of its parts, or a directory")
    .requiredOption("--key <file>", "the vendor's public key")
    .option("--config-key <file>", "public key of who approves configuration; the key in the bundle unless given")
    .option("--base <file>", "the whole bundle that a delta builds on")
    .option(...json)
    .addHelpText("after", "\nExample: npx palisade verify onprem-1.4.0.tar --key vendor.pub")
    .action(async (file: string, options: import("../onprem/bundle/tell-verified").VerifyOptions) => {
      end(await load("./verify").verify(file, options));
    });
}
