// CLI: `render`: a workload in another shape, from the same specification and stack file (IS-10).
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { stringify } from "yaml";
import { Failure } from "../../toolchain/failure";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { catalog } from "../catalog/catalog";
import { workloadObjects } from "../components/kubernetes/workload-objects";
import { renderFaults } from "../config/faults";
import { readStackFile, stackFileName } from "../config/file";
import { applyOverrides } from "../config/overrides";
import { type AnySealedConfig, parseConfig } from "../config/parse";
import { clusterHomes } from "../platform/onprem-homes";
import { composeFile, composeNotes } from "../render/compose";
import { kubernetesFile } from "../render/kubernetes";
import { systemdUnits } from "../render/systemd";
import { EXIT } from "./main";

export const formats = ["compose", "systemd", "kubernetes"] as const;

/** Prints the files, one after the other, each under its name. */
export async function render(
  name: string,
  options: { format: (typeof formats)[number]; stack: string; json?: boolean },
): Promise<number> {
  const files = filesOf(name, options);
  if (options.json) {
    const digests = Object.entries(files).map(([file, text]) => ({
      file,
      sha256: createHash("sha256").update(text).digest("hex"),
      text,
    }));
    process.stdout.write(`${JSON.stringify(digests, undefined, 2)}\n`);
    return EXIT.done;
  }
  const several = Object.keys(files).length > 1;
  for (const [file, text] of Object.entries(files)) process.stdout.write(several ? `# ${file}\n${text}\n` : text);
  return EXIT.done;
}

/** @throws Failure if the stack does not run the workload, or the format cannot hold it. */
function filesOf(name: string, { format, stack }: { format: (typeof formats)[number]; stack: string }) {
  const file = join(PROJECT_DIRECTORY, stackFileName(stack));
  const { raw, faults } = readStackFile(file);
  const parsed = parseConfig(raw, { catalog, stack, preview: true });
  const all = [...faults, ...(parsed.ok ? [] : parsed.faults)];
  const next = `npx palisade config check --file ${basename(file)}`;
  if (!parsed.ok || all.length > 0)
    throw new Failure(renderFaults(all, { subject: "Nothing was rendered: the stack file", next }), "");
  const { config } = parsed;
  const specification = catalog.get(name);
  const overrides = config.workloads[name];
  if (!specification || !overrides)
    throw new Failure(
      `stack \`${stack}\` runs no workload \`${name}\`; it runs ${Object.keys(config.workloads).join(", ")}`,
      `npx palisade render ${Object.keys(config.workloads)[0]} --format ${format} --stack ${stack}`,
    );
  const workload = applyOverrides(specification, overrides);
  const inputs = {
    environment: config.environment,
    buildSha: config.release.buildSha,
    publicOrigin: `https://${name}.${config.edge.domain}`,
    frontendOrigin: overrides.frontendOrigin,
    images: overrides.images,
  };
  try {
    if (format === "kubernetes") return { "kubernetes.yaml": onCluster(name, config, stack) };
    if (format === "systemd") return systemdUnits(workload, inputs);
    const notes = composeNotes(workload, inputs).map(note => `# ${note}\n`);
    return { "compose.yaml": `${notes.join("")}${stringify(composeFile(workload, inputs), { lineWidth: 0 })}` };
  } catch (error) {
    if (!(error instanceof Error) || error instanceof Failure) throw error;
    throw new Failure(`workload \`${name}\` cannot be rendered as ${format}:\n${error.message}`, "");
  }
}

/** @throws Failure if the stack has no cluster. */
function onCluster(name: string, config: AnySealedConfig, stack: string): string {
  if (config.mode !== "onprem")
    throw new Failure(
      `stack \`${stack}\` is of mode \`${config.mode}\`: it says nothing of a cluster; allowed is mode \`onprem\``,
      `npx palisade render ${name} --format kubernetes --stack onprem`,
    );
  const home = clusterHomes(config, catalog).find(({ workload }) => workload.name === name);
  if (!home) throw new Error(`the stack has no home for workload \`${name}\``);
  return kubernetesFile(workloadObjects(home), [
    `${home.workload.title}: made by \`palisade render ${name} --format kubernetes\`; change the specification, not this file.`,
  ]);
}
