// RT-9: whatever is typed in whichever order, a command typed again after it ended changes nothing, and one rollback takes back one upgrade.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Environment, Outcome } from "../../../../src/onprem/install/environment";
import { statusOf } from "../../../../src/onprem/install/status";
import { advance, rollback } from "../../../../src/onprem/install/transition";
import { uninstall } from "../../../../src/onprem/install/uninstall";
import { FakeCluster } from "./fake-cluster";
import { configMap, environment, platform, target } from "./samples";

type Command = (environment: Environment) => Promise<Outcome>;

const release = (version: string, value = version) => target(version, [configMap("a", value)]);
const install =
  (version: string, value?: string): Command =>
  here =>
    advance(here, "install", release(version, value));
const upgrade =
  (version: string, value?: string): Command =>
  here =>
    advance(here, "upgrade", release(version, value));
const back =
  (to?: string): Command =>
  here =>
    rollback(here, platform, to);
/** Ended before it has applied anything: it is under way. */
const begun =
  (command: Command): Command =>
  here => {
    const cancelled = new AbortController();
    const confirm: Environment["confirm"] = async ({ id }) => {
      if (id === "apply") cancelled.abort();
      return true;
    };
    return command({ ...here, confirm, cancelled: cancelled.signal });
  };

async function typed(fake: FakeCluster, command: Command): Promise<Outcome | string> {
  return command(environment(fake.line())).catch((error: Error) => error.message);
}
async function running(fake: FakeCluster): Promise<string> {
  const { version = "none" } = await statusOf(fake.line().cluster, platform);
  const value = fake.objects.get("/api/v1/namespaces/shop-test/configmaps/a")?.data as { value: string } | undefined;
  return value && value.value !== version ? `${version} ${value.value}` : version;
}
async function led(...commands: Command[]): Promise<FakeCluster> {
  const fake = new FakeCluster();
  for (const command of commands) await typed(fake, command);
  return fake;
}

describe("what runs after", () => {
  const up = [install("1.0.0"), upgrade("1.1.0"), upgrade("1.2.0")];
  test.each<[string, Command[], string]>([
    ["one rollback", [...up, back()], "1.1.0"],
    ["two rollbacks", [...up, back(), back()], "1.1.0"],
    ["three rollbacks", [...up, back(), back(), back()], "1.1.0"],
    ["a rollback and one to a version", [...up, back(), back("1.0.0")], "1.0.0"],
    ["one to a version and a rollback", [...up, back("1.0.0"), back()], "1.0.0"],
    ["a rollback, an upgrade again and a rollback", [...up, back(), upgrade("1.2.0"), back()], "1.1.0"],
    ["far back, up again and a rollback", [...up, back("1.0.0"), upgrade("1.2.0"), back()], "1.0.0"],
    ["a rollback and an install of the same", [...up, back(), install("1.1.0"), back()], "1.1.0"],
    ["a rollback forwards", [...up, back(), back("1.2.0")], "1.2.0"],
    ["a rollback of what was begun", [...up, begun(upgrade("1.3.0")), back()], "1.2.0"],
    ["two rollbacks of what was begun", [...up, begun(upgrade("1.3.0")), back(), back()], "1.2.0"],
    ["a rollback that was begun twice", [...up, begun(back()), back(), back()], "1.1.0"],
    ["other values and a rollback", [install("1.0.0"), upgrade("1.0.0", "b"), back()], "1.0.0"],
    [
      "other values and back to the version, twice",
      [install("1.0.0"), upgrade("1.0.0", "b"), back("1.0.0"), back("1.0.0")],
      "1.0.0",
    ],
    [
      "other values twice, and to the first",
      [install("1.0.0"), upgrade("1.0.0", "b"), upgrade("1.0.0", "c"), back(), back("1.0.0@1")],
      "1.0.0",
    ],
    [
      "other values twice, and a rollback",
      [install("1.0.0"), upgrade("1.0.0", "b"), upgrade("1.0.0", "c"), back()],
      "1.0.0 b",
    ],
    ["one release alone", [install("1.0.0"), back()], "1.0.0"],
  ])("%s", async (_, commands, wanted) => expect(await running(await led(...commands))).toBe(wanted));

  test("a rollback typed again is told, with how to go further", async () => {
    const fake = await led(...up, back());
    fake.writes.length = 0;
    expect(await typed(fake, back())).toEqual({
      changed: false,
      text: "Release 1.1.0 runs, and a rollback led to it; nothing was changed. To go further back: palisade rollback --to 1.0.0",
    });
    expect(fake.writes).toEqual([]);
  });

  test("a rollback of two installers at once is done once", async () => {
    const fake = await led(...up);
    const first = environment(fake.line());
    // The other one ends between this one's plan and its lease.
    const agree = async () => {
      expect(await typed(fake, back())).toMatchObject({ changed: true });
      return true;
    };
    await expect(rollback({ ...first, agree }, platform)).rejects.toThrow(
      /what is installed has changed since the plan was made; nothing was done[\s\S]*Type the same command again/,
    );
    expect(await running(fake)).toBe("1.1.0");
    expect(await typed(fake, back())).toMatchObject({ changed: false });
  });
});

const versions = ["1.0.0", "1.1.0", "1.2.0"];
const command = fc.oneof(
  fc.record({
    name: fc.constantFrom("install", "upgrade"),
    version: fc.constantFrom(...versions),
    value: fc.constantFrom(undefined, "b"),
  }),
  fc.record({ name: fc.constant("rollback"), to: fc.option(fc.constantFrom(...versions), { nil: undefined }) }),
  fc.record({ name: fc.constant("uninstall") }),
);
function commandOf({
  name,
  version = "",
  value,
  to,
}: {
  name: string;
  version?: string;
  value?: string;
  to?: string;
}): Command {
  if (name === "install") return install(version, value);
  if (name === "upgrade") return upgrade(version, value);
  return name === "rollback" ? back(to) : here => uninstall(here, platform, true);
}

test("any command typed again after it ended changes nothing", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(command, fc.boolean()), { minLength: 1, maxLength: 8 }), async commands => {
      const fake = new FakeCluster();
      for (const [one, isCut] of commands) {
        const whole = commandOf(one);
        if (isCut && one.name !== "uninstall") await typed(fake, begun(whole));
        const first = await typed(fake, whole);
        const state = fake.state();
        const second = await typed(fake, whole);
        if (typeof first === "string") expect(second).toBe(first);
        else expect(second).toMatchObject({ changed: false });
        expect(withoutJournal(fake.state())).toEqual(withoutJournal(state));
      }
    }),
    { numRuns: 60 },
  );
});

/** Who typed last is in the journal. */
function withoutJournal(state: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(state).filter(([path]) => !path.endsWith("/palisade-journal")));
}
