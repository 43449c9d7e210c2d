// Benchmarks: `npm run bench:preview`. The dev stack against a flat program, and against itself with more copies of its workload.
import { join } from "node:path";
import { openRoom, type Room } from "../test/local-stack";
import { step } from "../toolchain/progress";
import { forwardInterrupts } from "../toolchain/run";
import { PROJECT_DIRECTORY } from "../toolchain/stack";
import { customResources, flatProgram, type Planned, registrations } from "./flat";
import { writeFlatProject } from "./flat-project";
import { measure, type Program, plan, type Sample } from "./measure";
import { type Case, compare, growth, makeCase } from "./report";

/** Odd, so that each median is one of the samples. */
const FLAT_ROUNDS = 5;
const COPIES_ROUNDS = 3;

/**
 * Measures in a local AWS of its own, which is gone afterwards.
 * @throws Failure if a preview fails
 */
export async function benchPreview(): Promise<Case[]> {
  forwardInterrupts();
  const room = await openRoom();
  try {
    return [await againstFlat(room), await withMoreCopies(room)];
  } finally {
    await room.close();
  }
}

/** (a) What components, configuration and TypeScript cost over registering the same resources one by one. */
async function againstFlat(room: Room): Promise<Case> {
  const ours: Program = { name: "dev stack", stack: await room.stack("dev") };
  const planned = await unmeasured(ours);
  const project = join(room.directory, "flat");
  await writeFlatProject(project, flatProgram(planned));
  const flat: Program = { name: "flat program", stack: await room.stack("flat", { project }), project };
  requireSame(planned, await unmeasured(flat));

  const raw = await rounds(FLAT_ROUNDS, [ours, flat]);
  const components = planned.filter(({ custom, type }) => !custom && type !== "pulumi:pulumi:Stack").length;
  return makeCase({
    name: "dev stack against a flat program with the same resources",
    ...compare(raw["dev stack"] ?? [], raw["flat program"] ?? []),
    target: { wallRatio: 1.15, memoryRatio: 1.3 },
    facts: {
      customResources: customResources(planned).length,
      components: { "dev stack": components, "flat program": 0 },
    },
    raw,
  });
}

/** (b) Whether a resource costs more where there are many. */
async function withMoreCopies(room: Room): Promise<Case> {
  const project = join(__dirname, "copies");
  const stack = await room.stack("copies", { project, source: join(PROJECT_DIRECTORY, "Pulumi.dev.yaml") });
  const copies = (count: number): Program => ({
    name: count === 1 ? "1 copy" : `${count} copies`,
    stack,
    project,
    env: { PALISADE_BENCH_COPIES: String(count) },
  });
  const programs = [copies(1), copies(5), copies(20)] as const;
  await shown("1 copy, unmeasured", () => measure(programs[0]));

  const raw = await rounds(COPIES_ROUNDS, programs);
  const [small, middle, large] = programs.map(({ name }) => raw[name] ?? []);
  return makeCase({
    name: "each further resource, from 5 to 20 copies of the workload against from 1 to 5",
    ...growth([small ?? [], middle ?? [], large ?? []]),
    target: { wallRatio: GROWTH },
    raw,
  });
}

/** No growth, give or take what two runs of the same program differ by. */
const GROWTH = 1.1;

/** The first preview, which fills caches. */
function unmeasured(program: Program): Promise<Planned[]> {
  return shown(`${program.name}, unmeasured`, () => plan<Planned>(program));
}

/** Measures the programs in turn, in the other direction every other round: what slows the machine down slows all. */
async function rounds(count: number, programs: readonly Program[]): Promise<Record<string, Sample[]>> {
  const raw: Record<string, Sample[]> = Object.fromEntries(programs.map(({ name }) => [name, []]));
  for (let round = 1; round <= count; round++)
    for (const program of round % 2 === 1 ? programs : [...programs].reverse())
      raw[program.name]?.push(await shown(`${program.name}, round ${round} of ${count}`, () => measure(program)));
  return raw;
}

async function shown<T>(title: string, work: () => Promise<T>): Promise<T> {
  const doing = step(`preview: ${title}`);
  try {
    const result = await work();
    doing.done();
    return result;
  } catch (error) {
    doing.failed();
    throw error;
  }
}

/** A flat program that asked for less, or for something else, would be no peer. */
function requireSame(planned: readonly Planned[], flat: readonly Planned[]): void {
  const [ours, theirs] = [registrations(planned), registrations(flat)];
  const different = ours.findIndex((registration, i) => registration !== theirs[i]);
  if (ours.length !== theirs.length || different >= 0)
    throw new Error(`the flat program registers ${theirs[different]} where the dev stack registers ${ours[different]}`);
}
