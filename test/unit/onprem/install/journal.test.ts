// What may be typed when: every situation of the journal against every command.
import { describe, expect, test } from "vitest";
import { decide, type Operation, type ReleaseHead, type Request } from "../../../../src/onprem/install/journal";
import { isBackText } from "../../../../src/onprem/install/rollback-target";

const at = "2026-01-01T00:00:00.000Z";

function head(revision: number, version: string, state: ReleaseHead["state"], serial = revision): ReleaseHead {
  const about = { stack: "shop", environment: "test", buildSha: `sha-${version}`, indexDigest: "", registry: "r" };
  return { schema: 1, revision, serial, state, fingerprint: `f-${version}`, version, ...about, at };
}

function under(
  command: Operation["command"],
  version: string,
  revision: number,
  change: Partial<Operation> = {},
): Operation {
  const about = { fingerprint: `f-${version}`, version, revision, step: "apply", stepIsDone: false };
  return { schema: 1, command, ...about, state: "under way", startedAt: at, updatedAt: at, ...change };
}

const ask = (command: Request["command"], version = "", change: Partial<Request> = {}): Request => ({
  command,
  ...{ fingerprint: version && `f-${version}`, version, buildSha: version && `sha-${version}` },
  ...change,
});

const installed = [head(1, "1.0.0", "superseded"), head(2, "1.1.0", "deployed")];

describe("with nothing under way", () => {
  test("the first install, and an upgrade of nothing", () => {
    expect(decide(ask("install", "1.0.0"), { releases: [] }).kind).toBe("new");
    expect(() => decide(ask("upgrade", "1.0.0"), { releases: [] })).toThrow("nothing is installed here");
    expect(() => decide(ask("rollback"), { releases: [] })).toThrow("no release before");
    expect(decide(ask("uninstall"), { releases: [] }).kind).toBe("nothing");
  });

  test("what runs already is the same; another install is none", () => {
    expect(decide(ask("install", "1.1.0"), { releases: installed }).kind).toBe("same");
    expect(decide(ask("upgrade", "1.1.0"), { releases: installed }).kind).toBe("same");
    expect(() => decide(ask("install", "1.2.0"), { releases: installed })).toThrow(
      /1\.1\.0 is installed.*\nType: palisade upgrade/,
    );
    expect(() => decide(ask("install", "1.1.0", { fingerprint: "other" }), { releases: installed })).toThrow(
      "other values",
    );
    expect(decide(ask("upgrade", "1.1.0", { fingerprint: "other" }), { releases: installed }).kind).toBe("new");
  });

  test("never down by an upgrade, and never another build of one version", () => {
    expect(() => decide(ask("upgrade", "1.0.9"), { releases: installed })).toThrow("palisade rollback --to 1.0.9");
    expect(() => decide(ask("upgrade", "1.1.0-rc.1"), { releases: installed })).toThrow("is older than 1.1.0");
    expect(() => decide(ask("upgrade", "1.1.0", { fingerprint: "x", buildSha: "y" }), { releases: installed })).toThrow(
      "a version is one build",
    );
  });

  test("never over another stack or environment, also where that came to nothing", () => {
    const failed = [head(1, "1.0.0", "failed", 0)];
    for (const of of [
      { stack: "other", environment: "test" },
      { stack: "shop", environment: "prod" },
    ])
      for (const releases of [installed, failed])
        for (const command of ["install", "upgrade"] as const)
          expect(() => decide(ask(command, "2.0.0", { of }), { releases })).toThrow(
            new RegExp(
              `release 2\\.0\\.0 of ${of.stack} \\(${of.environment}\\), and what is here is .* of shop \\(test\\)`,
            ),
          );
    const same = { stack: "shop", environment: "test" };
    expect(decide(ask("upgrade", "2.0.0", { of: same }), { releases: installed }).kind).toBe("new");
  });

  test("back to the one before, to a version, not past the first, and not up again", () => {
    expect(decide(ask("rollback"), { releases: installed }).target?.revision).toBe(1);
    expect(decide(ask("rollback", "", { to: "1.0.0" }), { releases: installed }).target?.revision).toBe(1);
    expect(() => decide(ask("rollback", "", { to: "0.9.0" }), { releases: installed })).toThrow("1.1.0, 1.0.0");
    const back = [head(1, "1.0.0", "deployed", 3), head(2, "1.1.0", "superseded", 2)];
    expect(() => decide(ask("rollback"), { releases: back })).toThrow("no release before 1.0.0");
  });

  test("a rollback typed again stays where it led; with a version it goes further", () => {
    const releases = [
      head(1, "0.9.0", "superseded"),
      { ...head(2, "1.0.0", "deployed", 4), isBack: true },
      head(3, "1.1.0", "superseded"),
    ];
    expect(decide(ask("rollback"), { releases })).toEqual({ kind: "nothing", current: releases[1] });
    expect(decide(ask("rollback", "", { to: "1.0.0" }), { releases }).kind).toBe("same");
    expect(decide(ask("rollback", "", { to: "0.9.0" }), { releases })).toMatchObject({
      kind: "new",
      target: { revision: 1 },
    });
    expect(decide(ask("rollback", "", { to: "1.1.0" }), { releases })).toMatchObject({
      kind: "new",
      target: { revision: 3 },
    });
    expect(isBackText(head(2, "1.0.0", "deployed"), releases)).toBe(
      "Release 1.0.0 runs, and a rollback led to it; nothing was changed. To go further back: palisade rollback --to 0.9.0",
    );
    expect(isBackText(head(1, "0.9.0", "deployed"), releases)).toContain("There is none before it.");
  });

  test("of one version with other values each is named by its revision", () => {
    const releases = [
      head(1, "1.0.0", "superseded"),
      head(2, "1.0.0", "superseded"),
      { ...head(3, "1.0.0", "deployed", 3), fingerprint: "other" },
    ];
    const to = (name: string) => decide(ask("rollback", "", { to: name }), { releases });
    expect(to("1.0.0")).toMatchObject({ kind: "new", target: { revision: 2 } });
    expect(to("1.0.0@1")).toMatchObject({ kind: "new", target: { revision: 1 } });
    expect(to("1.0.0@3").kind).toBe("same");
    for (const name of ["1.0.0@4", "1.0.0@", "@1", "1.0.0@01"])
      expect(() => to(name)).toThrow("kept here: 1.0.0@3, 1.0.0@2, 1.0.0@1");
    const back = [
      { ...head(2, "1.0.0", "deployed", 4), isBack: true },
      head(1, "1.0.0", "superseded"),
      head(3, "1.0.0", "superseded"),
    ];
    expect(decide(ask("rollback", "", { to: "1.0.0" }), { releases: back })).toMatchObject({
      kind: "same",
      target: { revision: 2 },
    });
    expect(isBackText(head(2, "1.0.0", "deployed"), back)).toContain("--to 1.0.0@3, or palisade rollback --to 1.0.0@1");
  });

  test("of two that say they run, the later does", () => {
    const between = [head(1, "1.0.0", "deployed", 1), head(2, "1.1.0", "deployed", 2)];
    expect(decide(ask("install", "1.1.0"), { releases: between }).kind).toBe("same");
  });

  test("what failed before is begun anew in its own record", () => {
    const releases = [head(1, "1.0.0", "deployed"), head(2, "1.1.0", "failed", 0)];
    expect(decide(ask("upgrade", "1.1.0"), { releases }).target?.revision).toBe(2);
  });
});

describe("with an upgrade under way", () => {
  const releases = [head(1, "1.0.0", "deployed"), head(2, "1.1.0", "pending", 0)];
  const operation = under("upgrade", "1.1.0", 2);

  test("the same goes on, forwards or back", () => {
    expect(decide(ask("upgrade", "1.1.0"), { operation, releases }).kind).toBe("continue");
    const back = { ...operation, back: { step: "wait", reason: "no pod" } };
    expect(decide(ask("upgrade", "1.1.0"), { operation: back, releases }).kind).toBe("continue back");
  });

  test("another is refused with both ways out", () => {
    for (const request of [ask("upgrade", "1.2.0"), ask("install", "1.1.0"), ask("install", "1.0.0")])
      expect(() => decide(request, { operation, releases })).toThrow(
        /upgrade of 1\.1\.0, at step `apply`[\s\S]*palisade upgrade BUNDLE[\s\S]*palisade rollback/,
      );
  });

  test("a rollback leads to what ran before, named or not, and an uninstall to nothing", () => {
    for (const isBack of [false, true]) {
      const before = [
        head(1, "0.9.0", "superseded"),
        { ...head(2, "1.0.0", "deployed"), isBack },
        head(3, "1.1.0", "pending", 0),
      ];
      for (const to of [undefined, "1.0.0"])
        expect(
          decide(ask("rollback", "", { to }), { operation: under("upgrade", "1.1.0", 3), releases: before }),
        ).toMatchObject({
          kind: "new",
          target: { revision: 2 },
        });
    }
    expect(decide(ask("rollback"), { operation, releases })).toMatchObject({ kind: "new", target: { revision: 1 } });
    expect(decide(ask("uninstall"), { operation, releases }).kind).toBe("new");
  });
});

test("a rollback under way goes on, whether its release is named or not, and no other begins", () => {
  const releases = [head(1, "1.0.0", "superseded"), head(2, "1.1.0", "deployed")];
  const operation = under("rollback", "1.0.0", 1);
  for (const to of [undefined, "1.0.0", "1.0.0@1"])
    expect(decide(ask("rollback", "", { to }), { operation, releases })).toMatchObject({
      kind: "continue",
      target: { revision: 1 },
    });
  for (const to of ["1.1.0", "1.0.0@2"])
    expect(() => decide(ask("rollback", to, { to }), { operation, releases })).toThrow("palisade rollback --to 1.0.0");
});

test("where a rollback led, an install that was begun of the same is undone by finishing it", () => {
  const releases = [head(1, "0.9.0", "superseded"), { ...head(2, "1.0.0", "deployed", 4), isBack: true }];
  const operation = under("install", "1.0.0", 2);
  expect(decide(ask("rollback"), { operation, releases })).toMatchObject({ kind: "same", target: { revision: 2 } });
});

test("an uninstall under way is finished, or made to take the data as well", () => {
  const operation = under("uninstall", "", 0, { deleteData: false });
  expect(decide(ask("uninstall"), { operation, releases: installed }).kind).toBe("continue");
  expect(decide(ask("uninstall", "", { deleteData: true }), { operation, releases: installed }).kind).toBe("new");
  for (const request of [ask("install", "1.1.0"), ask("upgrade", "1.2.0"), ask("rollback")])
    expect(() => decide(request, { operation, releases: installed })).toThrow(
      "another operation is under way: uninstall",
    );
});
