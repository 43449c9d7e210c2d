// Benchmarks: `npm run bench:preview`. One workload, all of them, 500 and 2,000 resources against flat programs, and the growth between them.
import { join } from "node:path";
import { openRoom, type Room } from "../test/local-stack";
import { during } from "../toolchain/progress";
import { forwardInterrupts } from "../toolchain/run";
import { PROJECT_DIRECTORY } from "../toolchain/stack";
import { customResources, flatProgram, type Planned, registrations } from "./flat";
import { writeFlatProject } from "./flat-project";
import { measure, type Program, plan, type Sample } from "./measure";
import { type Case, compare, growth, makeCase } from "./report";

/** Odd, so that each median is one of the samples. */
const ROUNDS = 5;
const LARGE_ROUNDS = 3;

/** Sizes at which others complain of minutes. */
const SIZES = [500, 2000] as const;

/**
 * Measures in a local AWS of its own, which is gone afterwards.
 * @throws Failure if a preview fails
 */
export async function benchPreview(): Promise<Case[]> {
  forwardInterrupts();
  const room = await openRoom();
  try {
    const copies = await openCopies(room);
    const one = await againstFlat(room, {
      ours: copies(1),
      name: "one workload against a flat program with the same resources",
      rounds: ROUNDS,
      target: { wallRatio: 1.15, memoryRatio: 1.3 },
    });
    const all = await againstFlat(room, {
      ours: { name: "dev stack", stack: await room.stack("dev") },
      name: "all workloads at once against a flat program with the same resources",
      rounds: ROUNDS,
      target: { wallRatio: 1.25 },
    });
    const counts = await copiesFor(SIZES, copies);
    const sized = [];
    for (const [i, size] of SIZES.entries())
      sized.push(
        await againstFlat(room, {
          ours: copies(counts[i] ?? 1),
          name: `${size} resources in one stack against a flat program with the same`,
          rounds: LARGE_ROUNDS,
          target: { wallRatio: 1.25, ...(size === 2000 && { peakMiB: 700 }) },
        }),
      );
    const [small, middle, large] = [one, ...sized].map(({ samples }) => samples);
    const linear = makeCase({
      name: `each further resource, from ${SIZES[0]} to ${SIZES[1]} against from one workload to ${SIZES[0]}`,
      ...growth([small ?? [], middle ?? [], large ?? []]),
      target: { wallRatio: GROWTH },
      raw: { "1 copy": small ?? [], [`${SIZES[0]} resources`]: middle ?? [], [`${SIZES[1]} resources`]: large ?? [] },
    });
    return [...[one, all, ...sized].map(({ result }) => result), linear];
  } finally {
    await room.close();
  }
}

interface Contest {
  ours: Program;
  name: string;
  rounds: number;
  target: Case["target"];
}

/** What components, configuration and TypeScript cost over registering the same resources one by one. */
async function againstFlat(room: Room, { ours, name, rounds, target }: Contest) {
  const planned = await unmeasured(ours);
  const project = join(room.directory, `flat-${planned.length}`);
  await writeFlatProject(project, flatProgram(planned));
  const flat: Program = { name: "flat program", stack: await room.stack("flat", { project }), project };
  requireSame(planned, await unmeasured(flat));

  const raw = await inTurn(rounds, [ours, flat]);
  const components = planned.filter(({ custom, type }) => !custom && type !== "pulumi:pulumi:Stack").length;
  const samples = raw[ours.name] ?? [];
  const result = makeCase({
    name,
    ...compare(samples, raw[flat.name] ?? []),
    target,
    facts: {
      customResources: customResources(planned).length,
      components: { [ours.name]: components, [flat.name]: 0 },
    },
    raw,
  });
  return { result, samples };
}

/** The dev stack with so many copies of one workload in place of its own. */
async function openCopies(room: Room): Promise<(count: number) => Program> {
  const project = join(__dirname, "copies");
  const stack = await room.stack("copies", { project, source: join(PROJECT_DIRECTORY, "Pulumi.dev.yaml") });
  return count => ({
    name: count === 1 ? "1 copy" : `${count} copies`,
    stack,
    project,
    env: { PALISADE_BENCH_COPIES: String(count) },
  });
}

/** How many copies make each number of resources, or a few more. */
async function copiesFor(sizes: readonly number[], copies: (count: number) => Program): Promise<number[]> {
  const count = async (program: Program) => customResources(await unmeasured(program)).length;
  const [one, two] = [await count(copies(1)), await count(copies(2))];
  return sizes.map(size => 1 + Math.max(0, Math.ceil((size - one) / (two - one))));
}

/** No growth, give or take what two runs of the same program differ by. */
const GROWTH = 1.1;

/** The first preview, which fills caches. */
function unmeasured(program: Program): Promise<Planned[]> {
  return during(`preview: ${program.name}, unmeasured`, () => plan<Planned>(program));
}

/** Measures the programs in turn, in the other direction every other round: what slows the machine down slows all. */
async function inTurn(count: number, programs: readonly Program[]): Promise<Record<string, Sample[]>> {
  const raw: Record<string, Sample[]> = Object.fromEntries(programs.map(({ name }) => [name, []]));
  for (let round = 1; round <= count; round++)
    for (const program of round % 2 === 1 ? programs : [...programs].reverse())
      raw[program.name]?.push(
        await during(`preview: ${program.name}, round ${round} of ${count}`, () => measure(program)),
      );
  return raw;
}

/** A flat program that asked for less, or for something else, would be no peer. */
function requireSame(planned: readonly Planned[], flat: readonly Planned[]): void {
  const [ours, theirs] = [registrations(planned), registrations(flat)];
  const different = ours.findIndex((registration, i) => registration !== theirs[i]);
  if (ours.length !== theirs.length || different >= 0)
    throw new Error(
      `the flat program registers ${theirs[different]} where the program it stands for registers ${ours[different]}`,
    );
}
