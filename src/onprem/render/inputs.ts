// Release: what objects are made from: a stack's configuration without a secret, and the specifications of its workloads, as data (PF-1, PF-3).
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";
import { type Fault, renderFaults } from "../../config/faults";
import type { SealedOnpremConfig } from "../../config/onprem-schema";
import { parseConfig } from "../../config/parse";
import { isTree, namespace, type Tree } from "../../config/paths";
import { type Workload, workload } from "../../workload/workload";
import { files } from "../format/release";
import { ordered } from "./merge";

export interface ReleaseInputs {
  /** Name of the stack. */
  readonly stack: string;
  /** What stands under `palisade:` in its file, in the one order of keys. */
  readonly config: Tree;
  /** Specifications of the workloads that it runs, by name. */
  readonly workloads: ReadonlyMap<string, Workload>;
}

/** The checked configuration, or all that is wrong with it. */
export type Judged =
  | { config: SealedOnpremConfig; faults?: undefined }
  | { config?: undefined; faults: readonly Fault[] };

/** Holds a configuration to the schema and to every rule of a stack file. */
export function judged(config: Tree, { stack, workloads }: Pick<ReleaseInputs, "stack" | "workloads">): Judged {
  const raw = new Map(Object.entries(ordered(config)).map(([key, value]) => [`${namespace}:${key}`, value]));
  const parsed = parseConfig(raw, { catalog: workloads, stack, preview: true });
  if (!parsed.ok) return { faults: parsed.faults };
  if (parsed.config.mode === "onprem" && parsed.config.delivery === "bundle") return { config: parsed.config };
  const path = `${namespace}:delivery`;
  return {
    faults: [{ path, found: "another home", allowed: "`bundle`, with `palisade:mode: onprem`", control: "PF-3" }],
  };
}

/**
 * @param config what stands under `palisade:` in the stack's file
 * @param catalog known workloads by name
 * @throws Failure with every fault of the configuration, or naming that it is not one of a bundle.
 */
export function releaseInputs(config: Tree, catalog: ReadonlyMap<string, Workload>, stack: string): ReleaseInputs {
  const names = isTree(config.workloads) ? Object.keys(config.workloads).sort() : [];
  const found = judged(config, { stack, workloads: catalog });
  if (found.faults) {
    const next = `npx palisade config check --file Pulumi.${stack}.yaml`;
    throw new Failure(renderFaults(found.faults, { subject: `Stack \`${stack}\``, next }), "");
  }
  const workloads = new Map(names.flatMap(name => entry(name, catalog.get(name))));
  return { stack, config: ordered(config), workloads };
}

const entry = (name: string, known: Workload | undefined): [string, Workload][] => (known ? [[name, known]] : []);

/**
 * The same from the files of a release, which came from outside.
 * @param read text of a file of the release, by its title
 * @throws Failure naming the file that is not what it should be.
 */
export async function readReleaseInputs(
  read: (title: string) => Promise<string>,
  stack: string,
): Promise<ReleaseInputs> {
  const config = await readJson(files.stack, read, z.record(z.string(), z.unknown()));
  const list = await readJson(files.workloads, read, z.array(workload));
  const inputs = { stack, config, workloads: new Map(list.map(each => [each.name, each])) };
  const found = judged(config, inputs);
  if (found.faults)
    throw new Failure(
      `${files.stack} of the bundle has faults:\n${found.faults.map(fault => `  ${fault.path}: found ${fault.found}`).join("\n")}`,
      "The installer is another version's, or the bundle was made wrongly: use the installer that lies in the bundle.",
    );
  return inputs;
}

async function readJson<T>(title: string, read: (title: string) => Promise<string>, schema: z.ZodType<T>): Promise<T> {
  const text = await read(title);
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Failure(
      `${title} of the bundle is not what this installer reads`,
      "The installer is another version's: use the one that lies in the bundle.",
    );
  }
}
