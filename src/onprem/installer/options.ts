// Installer's commands: what may be said on its command line, in one place for all of them.
import { type Command, InvalidArgumentError, Option } from "commander";
import { readySeconds } from "../install/apply-release";
import { keptReleases } from "../install/environment";

export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
  json?: boolean;
}

export interface BundleOptions {
  key: string;
  configKey?: string;
  base?: string;
  values?: string;
  registry?: string;
  registryAuth?: string;
  registryCa?: string;
  plainHttp?: boolean;
}

/** Where images are brought: a registry that takes uploads, the containerd of this node, or nowhere: they are there already. */
const imageTargets = ["registry", "node", "none"] as const;

export interface CtrOptions {
  /** Program and its first arguments, such as `k3s ctr`. */
  ctr: string;
  containerd?: string;
}

export interface ImagesOptions extends CtrOptions {
  imagesTo: (typeof imageTargets)[number];
}

export interface ServeOptions extends BundleOptions {
  listen: string;
  tlsCert?: string;
  tlsKey?: string;
}

export interface GrantOptions
  extends BundleOptions,
    Pick<SecretsOptions, "secretsFrom">,
    Pick<ClusterOptions, "kubeconfig" | "context"> {
  for?: string;
}

export interface SecretsOptions {
  secrets?: string;
  secretsFrom?: string;
}

export interface RunOptions extends ClusterOptions, SecretsOptions {
  dryRun?: boolean;
  yes?: boolean;
  confirmEach?: boolean;
  /** Seconds. */
  timeout: number;
  keep: number;
}

export function withKubeconfig(command: Command): Command {
  return command
    .option("--kubeconfig <file>", "kubeconfig; default: KUBECONFIG, or else ~/.kube/config")
    .option("--context <name>", "context of the kubeconfig; default: its current one");
}

export function withCluster(command: Command): Command {
  return withKubeconfig(command).option("--json", "one JSON object per line for machines");
}

export function withTrust(command: Command): Command {
  return command
    .requiredOption("--key <file>", "the vendor's public key in PEM, which came to you by another way than the bundle")
    .option(
      "--config-key <file>",
      "public key in PEM of who approves configuration; default: the one in the bundle, or else the vendor's",
    )
    .option("--base <bundle>", "the whole bundle that this one, a delta, builds on");
}

export function withBundle(command: Command): Command {
  return withTrust(command)
    .option(
      "--values <file>",
      "what is particular to this place; values.example.yaml of the bundle shows what may be said",
    )
    .option(
      "--registry <address>",
      "registry that the images are brought to and run from; default: of the values, or else the bundle",
    )
    .option("--registry-auth <file>", "credentials in the form of Docker's config.json; default: Docker's own")
    .option("--registry-ca <file>", "certificates in PEM by which the registry is trusted; default: Node's")
    .option("--plain-http", "speak plain http with the registry; without it on loopback only");
}

export function withRun(command: Command): Command {
  return withCluster(command)
    .option("--dry-run", "print the plan and stop there")
    .option("--yes", "do not ask")
    .option("--confirm-each", "ask before each step; with --json, a line on standard input lets it go on")
    .addOption(seconds("--timeout <seconds>", "time that one object may take to become ready, or to go", readySeconds))
    .addOption(count("--keep <number>", "releases before this one that are kept to go back to", keptReleases, 50))
    .option("--secrets <file>", "values of supplied secrets; a file that only you may read")
    .option("--secrets-from <namespace/name>", "a Secret that holds the values of supplied secrets");
}

export function withCtr(command: Command): Command {
  return command
    .option("--ctr <command>", "containerd's own client on this node, such as 'k3s ctr'", "ctr")
    .option("--containerd <socket>", "containerd's socket; default: the client's own");
}

export function withImages(command: Command): Command {
  return withCtr(command).addOption(
    new Option(
      "--images-to <target>",
      "registry: they are pushed there; node: they are imported into this node's containerd; none: every node has them or finds them, as after `palisade import` or with `palisade serve`",
    )
      .choices(imageTargets)
      .default("registry"),
  );
}

export function withServe(command: Command): Command {
  return command
    .option("--listen <host:port>", "address of this machine to serve on", "127.0.0.1:5000")
    .option("--tls-cert <file>", "certificate in PEM that the nodes trust; without it only loopback is served")
    .option("--tls-key <file>", "its key in PEM");
}

export function withGrant(command: Command): Command {
  return command.option(
    "--for <account>",
    "whom it is for: a user, system:serviceaccount:NAMESPACE:NAME or group:NAME; default: an account that the grant makes",
  );
}

function seconds(flags: string, description: string, initial: number): Option {
  return new Option(flags, description).default(initial).argParser(text => whole(text, 1, 86_400));
}

export function count(flags: string, description: string, initial: number, most: number): Option {
  return new Option(flags, description).default(initial).argParser(text => whole(text, 1, most));
}

function whole(text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`allowed is a whole number from ${least} to ${most}`);
}
