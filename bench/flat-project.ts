// Benchmarks: the flat program as a Pulumi project of its own, on the packages of this checkout.
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT_DIRECTORY } from "../toolchain/stack";

/** Writes the project, with the configuration of a stack `flat`, into a directory that does not exist yet. */
export async function writeFlatProject(directory: string, program: string): Promise<void> {
  const packages = join(directory, "node_modules");
  await mkdir(join(packages, "tsx"), { recursive: true });
  const installed = await readdir(join(PROJECT_DIRECTORY, "node_modules"));
  for (const name of installed.filter(name => name !== "tsx" && !name.startsWith(".")))
    await symlink(join(PROJECT_DIRECTORY, "node_modules", name), join(packages, name));
  // The language host may be bound to this project's runtime options, which load tsx: plain JavaScript does without it.
  await writeFile(join(packages, "tsx", "cjs.js"), "");
  await writeFile(join(directory, "index.js"), program);
  await writeFile(join(directory, "package.json"), '{ "private": true, "main": "index.js" }\n');
  await writeFile(
    join(directory, "Pulumi.yaml"),
    "name: flat\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
  );
  await writeFile(join(directory, "Pulumi.flat.yaml"), "config: {}\n");
}
