// Toolchain tests: a process with a temporary directory, to be ended. It prints the directory, and whether it was made or swept.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { withTemporary } from "../../toolchain/temporary";

void withTemporary("palisade-layout-", async directory => {
  writeFileSync(join(directory, "layer"), "x".repeat(1_000_000));
  process.stdout.write(`${directory}\n`);
  if (process.argv[2] === "stay") await new Promise(resolve => setTimeout(resolve, 60_000));
});
