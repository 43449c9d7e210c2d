// Benchmarks: one preview, timed from outside, with the peak memory of the Node process that ran the program.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../toolchain/failure";
import type { RunResult } from "../toolchain/run";
import { type LocalStack, PROJECT_DIRECTORY, pulumi } from "../toolchain/stack";

/** A program to be previewed on a stack that is empty, so that each of its resources is to be created. */
export interface Program {
  name: string;
  stack: LocalStack;
  /** Directory of its project; the checkout unless told. */
  project?: string;
  env?: Record<string, string>;
}

export interface Sample {
  /** Of the whole engine command. */
  wallSeconds: number;
  /** Greatest resident memory of the Node process. */
  peakMiB: number;
  /** Resources to be created, the stack itself included. */
  resources: number;
}

/** What peak-memory.cjs notes down. */
interface Note {
  peakMiB: number;
  typeCheck: boolean;
}

const peakMemory = join(__dirname, "peak-memory.cjs");

/**
 * Previews the program once.
 * @throws Failure if the preview fails, or if types were checked before it
 */
export async function measure(program: Program): Promise<Sample> {
  const { name, stack, project = PROJECT_DIRECTORY } = program;
  const notes = await mkdtemp(join(stack.directory, "notes-"));
  try {
    const env = { ...program.env, NODE_OPTIONS: nodeOptions(), PALISADE_BENCH_NOTES: notes };
    const started = performance.now();
    const result = await pulumi(stack, ["preview", "--suppress-progress"], { project, env });
    const wallSeconds = (performance.now() - started) / 1000;
    requireDone(name, result);
    const resources = Number(/^\s*\+ (\d+) to create/m.exec(result.stdout)?.[1]);
    const { peakMiB, typeCheck } = await onlyNote(name, notes);
    if (typeCheck)
      throw new Failure(`types were checked at the preview of the ${name}`, "See `runtime` in Pulumi.yaml.");
    return { wallSeconds, peakMiB, resources };
  } finally {
    await rm(notes, { recursive: true });
  }
}

/** Previews the program unmeasured, and returns what the engine plans, in the order of registration. */
export async function plan<T>({ name, stack, project, env }: Program): Promise<T[]> {
  const result = await pulumi(stack, ["preview", "--json", "--suppress-progress"], { project, env });
  requireDone(name, result);
  const { steps } = JSON.parse(result.stdout) as { steps: { newState?: T }[] };
  return steps.flatMap(({ newState }) => (newState ? [newState] : []));
}

function requireDone(name: string, { code, stdout, stderr }: RunResult): void {
  if (code === 0) return;
  const reason = `${stdout}\n${stderr}`.trim().split("\n").slice(-15).join("\n");
  throw new Failure(`the preview of the ${name} ended with ${code}:\n${reason}`, "Run the same command again.");
}

function nodeOptions(): string {
  return `${process.env.NODE_OPTIONS ?? ""} --require ${JSON.stringify(peakMemory)}`.trim();
}

async function onlyNote(name: string, notes: string): Promise<Note> {
  const files = await readdir(notes);
  const [file] = files;
  if (!file || files.length > 1) throw new Error(`${files.length} Node processes ran the ${name}; one was expected`);
  return JSON.parse(await readFile(join(notes, file), "utf8")) as Note;
}
