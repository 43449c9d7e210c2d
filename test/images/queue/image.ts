// Images for tests: an SQS-compatible queue, ElasticMQ on Debian's Java. Stands in for softwaremill/elasticmq (CP-12).
// ElasticMQ knows neither credentials nor TLS: it listens on its pod's loopback only, behind the image `queue-front`.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { DebianPackages } from "../../../toolchain/debian";
import { Failure } from "../../../toolchain/failure";
import type { ImageSpec } from "../../../toolchain/images";

/** User of the original. */
const QUEUE_UID = 1001;

const MAVEN_TIMEOUT_MS = 300_000;
const MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

export const queuePackages: DebianPackages = {
  release: "trixie",
  packages: ["base-files", "openjdk-21-jre-headless"],
  // What only maintainer scripts need, or what prints, draws and asks smart cards.
  without: [
    "ca-certificates-java",
    "java-common",
    "ca-certificates",
    "openssl",
    "libcups2t64",
    "libpcsclite1",
    "debconf",
  ],
};

/** Fetches the jars into `directory`, each held to its sum in artifacts.sha256. */
export async function fetchQueue(directory: string): Promise<void> {
  const args = ["-B", "-q", "-C", "-f", join(__dirname, "pom.xml"), `-Dmaven.repo.local=${directory}.repository`];
  const goal = [MAVEN_PLUGIN, "-DincludeScope=runtime", `-DoutputDirectory=${directory}`];
  await promisify(execFile)("mvn", [...args, ...goal], { timeout: MAVEN_TIMEOUT_MS }).catch((error: Error) => {
    throw new Failure(
      `mvn cannot fetch ElasticMQ: ${error.message.split("\n").slice(0, 3).join(" ")}`,
      "Maven and its central repository are needed. Then run the same command again.",
    );
  });
  const list = await readFile(join(__dirname, "artifacts.sha256"), "utf8");
  const wanted = new Map(
    list
      .trim()
      .split("\n")
      .map(line => line.split(/\s+/).reverse() as [string, string]),
  );
  const found = await readdir(directory);
  for (const name of new Set([...wanted.keys(), ...found])) {
    const sum = found.includes(name)
      ? createHash("sha256")
          .update(await readFile(join(directory, name)))
          .digest("hex")
      : "none";
    if (sum !== wanted.get(name))
      throw new Failure(
        `${name} has SHA-256 ${sum}, artifacts.sha256 says ${wanted.get(name) ?? "nothing"}`,
        "Do not use what came. Compare with the publisher's sums before artifacts.sha256 is changed.",
      );
  }
}

/**
 * @param root directory with the packages' files
 * @param jars directory with ElasticMQ and all it needs
 */
export function queueImage(root: string, jars: string): ImageSpec {
  const owner = { uid: QUEUE_UID, gid: QUEUE_UID };
  const machine = process.arch === "arm64" ? "arm64" : "amd64";
  return {
    layers: [
      { tree: { source: root, exclude: ["usr/share/doc", "usr/share/man", "usr/share/locale", "var/run"] } },
      {
        files: [
          { path: "opt/elasticmq.conf", source: join(__dirname, "elasticmq.conf") },
          { path: "opt/logback.xml", source: join(__dirname, "logback.xml") },
          { path: "data", directory: true, mode: 0o700, ...owner },
          { path: "tmp", directory: true, mode: 0o1777 },
        ],
      },
      {
        files: readdirSync(jars)
          .sort()
          .map(name => ({ path: `opt/elasticmq/${name}`, source: join(jars, name) })),
      },
    ],
    entrypoint: [
      `/usr/lib/jvm/java-21-openjdk-${machine}/bin/java`,
      ...["-XX:MaxRAMPercentage=60", "-XX:+ExitOnOutOfMemoryError", "-Djava.io.tmpdir=/tmp"],
      ...["-Dconfig.file=/opt/elasticmq.conf", "-Dlogback.configurationFile=/opt/logback.xml"],
      ...["-cp", "/opt/elasticmq/*", "org.elasticmq.server.Main"],
    ],
    user: `${QUEUE_UID}:${QUEUE_UID}`,
    workingDirectory: "/data",
    ports: [9324],
  };
}
