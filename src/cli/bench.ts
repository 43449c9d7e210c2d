// CLI: `palisade bench`. Tables for people, and as the last line one JSON object for machines.
import { describe } from "../../bench/report";
import { load } from "./load";
import { EXIT } from "./main";

export interface BenchOptions {
  /** Bytes of the images' layers, such as `64MB`; of `bundle` alone. */
  size?: string;
  /** Rounds of each contest; of `bundle` alone. */
  rounds?: string;
  /** False leaves Zarf out; of `bundle` alone. */
  zarf?: boolean;
}

/** Runs one benchmark. A missed target is part of the answer, not a failure. */
export async function bench(name: string, { size, rounds, zarf = true }: BenchOptions = {}): Promise<number> {
  if (name === "bundle") {
    const { benchBundle, parseRounds, parseSize } = load("../../bench/bundle");
    const { describeBundle } = load("../../bench/bundle/report");
    const cases = await benchBundle({
      zarf,
      ...(size === undefined ? {} : { size: parseSize(size) }),
      ...(rounds === undefined ? {} : { rounds: parseRounds(rounds) }),
    });
    process.stdout.write(cases.map(describeBundle).join(""));
    process.stdout.write(`\n${JSON.stringify({ benchmark: `bench:${name}`, cases })}\n`);
    return EXIT.done;
  }
  if (size !== undefined || rounds !== undefined || !zarf) {
    process.stderr.write(
      `palisade: \`bench ${name}\` has one size and other peers; --size, --rounds and --no-zarf are of \`bench bundle\`\n`,
    );
    return EXIT.usage;
  }
  if (name === "cluster") {
    const { benchCluster, describeCluster } = load("../../bench/cluster");
    const cases = await benchCluster();
    process.stdout.write(cases.map(describeCluster).join(""));
    process.stdout.write(`\n${JSON.stringify({ benchmark: `bench:${name}`, cases })}\n`);
    return EXIT.done;
  }
  if (name !== "preview") {
    process.stderr.write(`palisade: no benchmark \`${name}\`; there are \`preview\`, \`cluster\` and \`bundle\`\n`);
    return EXIT.usage;
  }
  const { benchPreview } = load("../../bench/preview");
  const cases = await benchPreview();
  process.stdout.write(cases.map(describe).join(""));
  process.stdout.write(`\n${JSON.stringify({ benchmark: `bench:${name}`, cases })}\n`);
  return EXIT.done;
}
