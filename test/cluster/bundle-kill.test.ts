// RT-9, RT-12, SA-13: the installer is killed (SIGKILL) before, within and after every step of every plan, on a real cluster and with the rights of the
// grant alone; typed again it goes on, and ends where one that nobody killed ends.
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { API_PORT, NODE_ADDRESS } from "../../toolchain/cluster/addresses";
import type { InstallerLine } from "../toolchain/installer-line";
import { type BundleRoom, openBundleRoom } from "./bundle-room";
import { onlyOf, shippedValues } from "./bundle-stack";
import { everythingLasting, installedState } from "./left-behind";
import type { StackValues } from "./local-stack";
import { kubectlApply, prepareCluster } from "./running-system";

/** One small system: what is tried is the installer. */
const system = "scriptpulse";
const platform = "palisade-dev";

/** Where a run ends: a moment of one step. */
interface Moment {
  id: string;
  when: "begins" | "within" | "done";
}

let room: BundleRoom;
let one: string;
let two: string;
let before: string[];
let grant: string;

beforeAll(async () => {
  room = await openBundleRoom([]);
  await prepareCluster(room);
  before = await everythingLasting(room);
  const values = onlyOf(shippedValues(room), system);
  one = await room.ship({ version: "1.0.0", values });
  two = await room.ship({ version: "1.1.0", values: later(values) });
  await grantOnce();
});
afterAll(() => room?.close());

function later(values: StackValues): StackValues {
  const copy = structuredClone(values);
  const workloads = copy.workloads as Record<string, { services: Record<string, Record<string, unknown>> }>;
  Object.assign(workloads[system]?.services.api ?? {}, {
    environment: { CHANGED_IN: "1.1.0" },
    minReplicas: 1,
    maxReplicas: 1,
  });
  return { ...copy, release: { buildSha: "6".repeat(40) } };
}

/** What an administrator does: apply the grant, and hand out the account that it makes. From here on nobody has more than that. */
async function grantOnce(): Promise<void> {
  const { operator, cluster } = room;
  const { code, stdout, stderr } = await operator.palisade("grant", one, ...operator.options.bundle);
  expect(code, stderr).toBe(0);
  grant = stdout;
  const applied = await kubectlApply(cluster, grant);
  expect(applied.code, applied.stderr).toBe(0);
  const token = await room.kubectl(
    "create",
    "token",
    "palisade-installer",
    "--namespace",
    platform,
    "--duration",
    "2h",
  );
  const view = await room.kubectl("config", "view", "--raw", "--output", "json");
  const config = JSON.parse(view.stdout) as {
    clusters: { cluster: { server: string } }[];
    users: { name: string; user: object }[];
  };
  for (const each of config.clusters) each.cluster.server = `https://${NODE_ADDRESS}:${API_PORT}`;
  for (const each of config.users) each.user = { token: token.stdout.trim() };
  await operator.give("kubeconfig", JSON.stringify(config));
}

const bundled = (command: string, bundle: string) => {
  const { bundle: options, secrets, cluster } = room.operator.options;
  return [command, bundle, ...options, ...secrets, ...cluster];
};
const recorded = (command: string, ...more: string[]) => [
  command,
  ...more,
  "--namespace",
  platform,
  ...room.operator.options.cluster,
];

/** Runs to the end, or to the moment at which it is killed. */
async function run(args: readonly string[], moment?: Moment): Promise<InstallerLine[]> {
  const child = room.operator.start(...args, "--json", moment === undefined ? "--yes" : "--confirm-each");
  const ended = new Promise(resolve => child.once("close", resolve));
  const lines: InstallerLine[] = [];
  let errors = "";
  let isThere = false;
  let isLate = false;
  // An answer may come when it is dead already.
  child.stdin.on("error", () => undefined);
  child.stderr.on("data", chunk => {
    errors += String(chunk);
  });
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as InstallerLine;
    lines.push(line);
    if (moment === undefined) continue;
    if (line.event === "step") {
      isThere = line.id === moment.id;
      if (isThere && line.state === moment.when) child.kill("SIGKILL");
    } else if (line.event === "question" && !isLate) {
      child.stdin.write("y\n");
      // A step that is shorter is killed at its end: nobody lets the next one begin.
      isLate = isThere && moment.when === "within";
      if (isLate) void sleep(150).then(() => child.kill("SIGKILL"));
    }
  }
  await ended;
  expect(errors).toBe("");
  return lines;
}

const endOf = (lines: readonly InstallerLine[]): string => lines.at(-1)?.failed ?? lines.at(-1)?.text ?? "";

/** Steps that only read: within them there is nothing to be cut in two. */
const reading = ["verify", "preflight"];

/** Before each step, which is after the one before it; within each that writes; and after the last. */
function momentsOf(ids: readonly string[]): Moment[] {
  return ids.flatMap((id): Moment[] => [
    { id, when: "begins" },
    ...(reading.includes(id) ? [] : [{ id, when: "within" as const }]),
    ...(id === ids.at(-1) ? [{ id, when: "done" as const }] : []),
  ]);
}

/** Killed at every moment of the plan, one after the other, each time typed again; then left alone. */
async function killedEverywhere(args: readonly string[]): Promise<{ kills: number; end: string }> {
  const plan = await run([...args, "--dry-run"]);
  const ids = plan.find(({ event }) => event === "plan")?.steps?.map(({ id }) => id) ?? [];
  expect(ids.length).toBeGreaterThan(4);
  let kills = 0;
  for (const moment of momentsOf(ids)) {
    const lines = await run(args, moment);
    // The last step may be over, and the process with it, before it is killed; nothing else ends by itself.
    if (lines.at(-1)?.event === "end") expect(moment, endOf(lines)).toMatchObject({ id: ids.at(-1) });
    else kills++;
  }
  expect(kills).toBeGreaterThan(ids.length);
  return { kills, end: endOf(await run(args)) };
}

describe.sequential("killed at every step", () => {
  let first: string[];
  let second: string[];

  test("nobody kills: what each command leads to", async () => {
    expect(endOf(await run(bundled("install", one)))).toBe("Release 1.0.0 runs.");
    first = await installedState(room, [platform, `${platform}-nodes`, `${system}-dev`]);
    expect(endOf(await run(bundled("upgrade", two)))).toBe("Release 1.1.0 runs.");
    second = await installedState(room, [platform, `${platform}-nodes`, `${system}-dev`]);
    expect(second).not.toEqual(first);
    expect(endOf(await run(recorded("uninstall", "--delete-data")))).toContain("Everything of the release is gone");
  });

  test.each([
    ["an install", () => bundled("install", one), /^Release 1\.0\.0 runs/, () => first],
    ["an upgrade", () => bundled("upgrade", two), /^Release 1\.1\.0 runs/, () => second],
    ["a way back", () => recorded("rollback", "--to", "1.0.0"), /^Release 1\.0\.0 runs/, () => first],
  ])("%s ends in the same state", async (name, args, end, wanted) => {
    const killed = await killedEverywhere(args());
    process.stderr.write(`  ${name}: killed ${killed.kills} times\n`);
    expect(killed.end).toMatch(end);
    const state = await installedState(room, [platform, `${platform}-nodes`, `${system}-dev`]);
    // Records of the releases before are kept, and tell of them.
    const withoutRecords = (lines: readonly string[]) => lines.filter(line => !line.includes("palisade-release-"));
    expect(withoutRecords(state)).toEqual(withoutRecords(wanted()));
  });

  test("an uninstall leaves nothing but the grant, which an administrator takes back", async () => {
    const { kills } = await killedEverywhere(recorded("uninstall", "--delete-data"));
    process.stderr.write(`  an uninstall: killed ${kills} times\n`);
    expect(endOf(await run(recorded("uninstall", "--delete-data")))).toMatch(/Nothing is installed/);
    const deleted = await kubectlApply(room.cluster, grant, "delete");
    expect(deleted.code, deleted.stderr).toBe(0);
    await expect.poll(() => everythingLasting(room), { timeout: 60_000, interval: 1_000 }).toEqual(before);
  });
});
