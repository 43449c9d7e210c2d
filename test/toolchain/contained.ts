// Toolchain tests: runs an image as a cluster would, without one: its own root, read-only, its own user, no capability.
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../toolchain/run";

interface Config {
  config: { Entrypoint?: string[]; Cmd?: string[]; Env?: string[]; User: string; StopSignal?: string };
}

export interface ContainedOptions {
  /** Arguments in place of the image's command. */
  args?: string[];
  /** Arguments in place of the image's entry point and command: a second process beside the first. */
  command?: string[];
  environment?: Record<string, string>;
  /** Directories that are memory, writable by anyone. */
  memory?: string[];
  /** Directory in the container → directory of this machine; writable. */
  volumes?: Record<string, string>;
}

export interface Contained {
  /** Asks its first process, as a node does. */
  signal: (name: NodeJS.Signals) => void;
  /** Ends it and all it has started. */
  kill: () => Promise<unknown>;
  /** All it has printed so far, on either stream. */
  output: () => string;
  /** Its end: the exit code, or null if a signal ended it. */
  ended: Promise<number | null>;
}

/** An image unpacked into a directory of its own. */
export interface UnpackedImage {
  /** Its files, on this machine. */
  root: string;
  config: Config["config"];
  start: (options?: ContainedOptions) => Contained;
  remove: () => void;
}

export async function unpackImage(layout: string): Promise<UnpackedImage> {
  const root = mkdtempSync(join(tmpdir(), "palisade-root-"));
  chmodSync(root, 0o755);
  const blob = (digest: string) => join(layout, "blobs", ...digest.split(":"));
  const parse = (file: string) => JSON.parse(readFileSync(file, "utf8"));
  const manifest = parse(blob(parse(join(layout, "index.json")).manifests[0].digest));
  const { config } = parse(blob(manifest.config.digest)) as Config;
  for (const layer of manifest.layers as { digest: string }[]) {
    const { code, stderr } = await run("tar", ["-xzpf", blob(layer.digest), "-C", root]);
    if (code !== 0) throw new Error(`a layer does not unpack: ${stderr}`);
  }
  return {
    root,
    config,
    start: options => start(root, config, options),
    remove: () => rmSync(root, { recursive: true }),
  };
}

/** In namespaces that end with the program, where it is process 1; the network is this machine's. */
function start(root: string, config: Config["config"], options: ContainedOptions = {}): Contained {
  const places = ["/dev", "/proc", ...(options.memory ?? []), ...Object.keys(options.volumes ?? {})];
  for (const place of places) mkdirSync(join(root, place), { recursive: true });
  const mounts = [
    'mount --bind "$0" "$0"',
    'mount --rbind /dev "$0/dev"',
    'mount -t proc proc "$0/proc"',
    ...(options.memory ?? []).map(path => `mount -t tmpfs -o mode=1777 tmpfs "$0${path}"`),
    ...Object.entries(options.volumes ?? {}).map(([path, from]) => `mount --bind ${from} "$0${path}"`),
    'mount -o remount,bind,ro "$0"',
  ];
  const words = options.command ?? [...(config.Entrypoint ?? []), ...(options.args ?? config.Cmd ?? [])];
  const variables = [...(config.Env ?? []), ...Object.entries(options.environment ?? {}).map(pair => pair.join("="))];
  const program = [
    "/usr/bin/setpriv",
    "--no-new-privs",
    "/usr/sbin/chroot",
    `--userspec=${config.User}`,
    root,
    ...words,
  ];
  const script = `${mounts.join(" && ")} && exec env -i "$@"`;
  const child = spawn("unshare", ["--mount", "--pid", "--fork", "sh", "-c", script, root, ...variables, ...program], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  const ended = new Promise<number | null>(resolve => child.once("close", code => resolve(code)));
  return {
    signal: name => process.kill(firstProcess(child), name),
    kill: () => {
      // With its first process a namespace ends as a whole.
      if (child.exitCode === null && child.signalCode === null) process.kill(firstProcess(child), "SIGKILL");
      return ended;
    },
    output: () => text,
    ended,
  };
}

/** The program's first process: the one child of the process that made its namespaces. */
function firstProcess({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim()) || (pid ?? 0);
}
