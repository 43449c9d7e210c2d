// CLI: `toolchain`, `doctor` and `env`.
import { prerequisites } from "../../toolchain/doctor";
import { DEV_DIRECTORY, handEnv } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";
import { EXIT } from "./main";
import { table } from "./table";

/** Finds or makes all tools and says where each came from. */
export async function toolchain(options: { json?: boolean }): Promise<number> {
  const tools = await ensureToolchain();
  const rows = tools.parts.map(p => [p.name, p.version, p.origin, p.path]);
  process.stdout.write(
    options.json ? `${JSON.stringify(tools, undefined, 2)}\n` : table([["tool", "version", "origin", "path"], ...rows]),
  );
  return EXIT.done;
}

/** Lists the prerequisites. Fails if a required one is missing. */
export async function doctor(options: { json?: boolean }): Promise<number> {
  const found = await prerequisites();
  if (options.json) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
  else
    process.stdout.write(
      table([
        ["", "prerequisite", "found", "needed", "how to get it"],
        ...found.map(p => [p.ok ? "✓" : p.required ? "✗" : "–", p.name, p.found, p.needed, p.ok ? "" : p.how]),
      ]),
    );
  return found.every(p => p.ok || !p.required) ? EXIT.done : EXIT.failed;
}

/** Prints shell assignments for typing `pulumi` by hand on the dev stack. */
export async function env(): Promise<number> {
  const tools = await ensureToolchain();
  const assignments = { ...handEnv(DEV_DIRECTORY), PULUMI_HOME: tools.home };
  const path = tools.path.length > 0 ? [`export PATH=${quote(tools.path.join(":"))}:"$PATH"`] : [];
  const lines = [...Object.entries(assignments).map(([name, value]) => `export ${name}=${quote(value)}`), ...path];
  process.stdout.write(`${lines.join("\n")}\n`);
  return EXIT.done;
}

function quote(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
