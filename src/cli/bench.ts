// CLI: `palisade bench`. Tables for people, and as the last line one JSON object for machines.
import { describe } from "../../bench/report";
import { EXIT } from "./main";

/** Runs one benchmark. A missed target is part of the answer, not a failure. */
export async function bench(name: string): Promise<number> {
  if (name !== "preview") {
    process.stderr.write(`palisade: no benchmark \`${name}\`; there is \`preview\`\n`);
    return EXIT.usage;
  }
  const { benchPreview } = await import("../../bench/preview");
  const cases = await benchPreview();
  process.stdout.write(cases.map(describe).join(""));
  process.stdout.write(`\n${JSON.stringify({ benchmark: `bench:${name}`, cases })}\n`);
  return EXIT.done;
}
