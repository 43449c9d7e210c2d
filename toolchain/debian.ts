// Toolchain: programs from Debian's packages, unpacked into a directory of their own; nothing is installed on the machine.
// apt does what it is good at, on lists and a (empty) status file of its own: it resolves, downloads, and holds every
// package to the archive's signature. No maintainer script runs.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheRoot } from "./cache";
import { Failure } from "./failure";
import { exclusively } from "./lock";
import { run } from "./run";

/** Releases of Debian that packages are taken from. Programs run beside the C library of their own release. */
export type DebianRelease = "bookworm" | "trixie";

export interface DebianPackages {
  release: DebianRelease;
  /** Names of packages. What they depend on comes too, without what is only recommended. */
  packages: readonly string[];
  /** Names of packages that are left out all the same, such as those that only maintainer scripts need. */
  without?: readonly string[];
}

/** One package that was unpacked. */
export interface DebianPackage {
  name: string;
  version: string;
  /** SHA-256 of the archive, in hexadecimal. */
  sha256: string;
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const APT_TIMEOUT_MS = 300_000;
/** Age in milliseconds from which lists are fetched again before something is resolved. */
const LISTS_MAX_AGE_MS = 12 * 3600 * 1000;

/**
 * Unpacks packages and all they depend on into `directory`, with a list of them in `var/lib/dpkg/status.d`.
 * @returns what was unpacked, by name; the same list gives the same files
 * @throws Failure if apt is missing, the archive cannot be reached or a signature does not hold
 */
export async function unpackDebian(
  { release, packages, without = [] }: DebianPackages,
  directory: string,
): Promise<DebianPackage[]> {
  const apt = await aptOf(release);
  // Two at once would clear each other's downloads.
  return exclusively(
    apt.home,
    () => {},
    async () => {
      await refresh(apt);
      // A plan leaves out what lies there already.
      const archives = join(apt.home, "archives");
      await rm(archives, { recursive: true, force: true });
      await mkdir(join(archives, "partial"), { recursive: true });
      const plan = await must(apt, "apt-get", ["install", "-y", "--print-uris", ...packages]);
      const wanted = parsePlan(plan).filter(({ name }) => !without.includes(name));
      await must(apt, "apt-get", ["install", "-y", "--download-only", ...packages]);
      await mkdir(directory, { recursive: true });
      const unpacked: DebianPackage[] = [];
      // base-files first: it holds the links /bin, /lib and /lib64, which other packages unpack through.
      for (const { name, file } of wanted.sort((a, b) => order(a.name, b.name))) {
        const archive = join(archives, file);
        const result = await run("dpkg-deb", ["-x", archive, directory]);
        if (result.code !== 0) throw new Failure(`${file} does not unpack: ${result.stderr.trim()}`, UNPACK_FIX);
        await list(name, archive, directory);
        const [, version = ""] = file.split("_");
        const sha256 = createHash("sha256")
          .update(await readFile(archive))
          .digest("hex");
        unpacked.push({ name, version: decodeURIComponent(version), sha256 });
      }
      return unpacked.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  );
}

/** Says in the files themselves that the package is in them, where readers of images without dpkg look: one file for each. */
async function list(name: string, archive: string, directory: string): Promise<void> {
  const { code, stdout, stderr } = await run("dpkg-deb", ["--field", archive]);
  if (code !== 0) throw new Failure(`${archive} does not say what it is: ${stderr.trim()}`, UNPACK_FIX);
  const lists = join(directory, "var", "lib", "dpkg", "status.d");
  await mkdir(lists, { recursive: true });
  await writeFile(join(lists, name), stdout);
}

const UNPACK_FIX = "Is the disk full? Then make room, and run the same command again.";
const FIRST = "base-files";
const order = (a: string, b: string) => (a === FIRST ? -1 : b === FIRST ? 1 : a < b ? -1 : 1);

/** Archives that apt would fetch: lines of `'URL' FILE SIZE SUM`. Pure. */
export function parsePlan(plan: string): { name: string; file: string }[] {
  return plan.split("\n").flatMap(line => {
    const file = /^'[^']+' (\S+\.deb) \d+/.exec(line)?.[1];
    const name = file?.split("_")[0];
    return file && name ? [{ name, file }] : [];
  });
}

interface Apt {
  home: string;
  release: DebianRelease;
  config: string;
}

/** A home for apt of this release, with its own lists, and settings that mention nothing of the machine's. */
async function aptOf(release: DebianRelease): Promise<Apt> {
  if (!existsSync(KEYRING))
    throw new Failure(
      `the keys of Debian's archive are not at ${KEYRING}`,
      "Install the package `debian-archive-keyring`, then run the same command again.",
    );
  const places = await archives();
  const home = join(cacheRoot(), `debian-${release}`);
  for (const part of ["lists/partial", "sources", "none"]) await mkdir(join(home, part), { recursive: true });
  await writeFile(join(home, "status"), "");
  await writeFile(join(home, "sources", "debian.sources"), sources(release, places));
  const config = join(home, "apt.conf");
  await writeFile(config, settings(home));
  return { home, release, config };
}

function sources(release: DebianRelease, { debian, security }: Archives): string {
  const part = (uri: string, suites: string) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: main\nSigned-By: ${KEYRING}\n`;
  return `${part(debian, `${release} ${release}-updates`)}\n${part(security, `${release}-security`)}`;
}

interface Archives {
  debian: string;
  security: string;
}

/** The archives the machine itself is kept from: its mirror is the one that can be reached. */
async function archives(): Promise<Archives> {
  const mirror = process.env.PALISADE_DEBIAN_MIRROR;
  if (mirror) return { debian: `${mirror}/debian`, security: `${mirror}/debian-security` };
  const found = await run("apt-get", ["indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(LABEL)"]);
  const uriOf = (label: string) =>
    found.stdout
      .split("\n")
      .map(line => line.split(" "))
      .find(([, origin, called]) => origin === "Debian" && called === label)?.[0];
  const [debian, security] = [uriOf("Debian"), uriOf("Debian-Security")];
  if (found.code === 0 && debian && security) return { debian, security };
  throw new Failure(
    "this machine knows no archive of Debian",
    "On Debian run `apt-get update` once; elsewhere set PALISADE_DEBIAN_MIRROR to the address above `debian` and `debian-security`.",
  );
}

function settings(home: string): string {
  const table = {
    "Dir::State": home,
    "Dir::State::Lists": "lists",
    "Dir::State::status": join(home, "status"),
    "Dir::Cache": home,
    "Dir::Cache::archives": "archives",
    "Dir::Etc::sourcelist": "/dev/null",
    "Dir::Etc::sourceparts": join(home, "sources"),
    "Dir::Etc::parts": join(home, "none"),
    "Dir::Etc::main": "/dev/null",
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": join(home, "none"),
    "APT::Install-Recommends": "false",
    "APT::Get::AllowUnauthenticated": "false",
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    "Acquire::AllowInsecureRepositories": "false",
    "Acquire::Retries": "3",
  };
  return Object.entries(table)
    .map(([name, value]) => `${name} "${value}";\n`)
    .join("");
}

/** Fetches the lists anew if they are old: an archive keeps no package that a newer one has replaced. */
async function refresh(apt: Apt): Promise<void> {
  const mark = join(apt.home, "refreshed");
  const last = existsSync(mark) ? Number(await readFile(mark, "utf8")) : 0;
  const lists = (await readdir(join(apt.home, "lists"))).some(name => name.includes("Packages"));
  if (lists && Date.now() - last < LISTS_MAX_AGE_MS) return;
  await must(apt, "apt-get", ["update", "--error-on=any"]);
  await writeFile(mark, String(Date.now()));
}

async function must(apt: Apt, command: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, APT_CONFIG: apt.config, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
  const result = await run(command, args, { env, timeoutMs: APT_TIMEOUT_MS });
  if (result.code === 0) return result.stdout;
  const reason = result.stderr.trim().split("\n").slice(-6).join("\n");
  throw new Failure(
    `\`${command} ${args[0]}\` for Debian ${apt.release} ended with ${result.code}:\n${reason}`,
    "The machine's archive of Debian (or $PALISADE_DEBIAN_MIRROR) must be reachable. Then run the same command again.",
  );
}
