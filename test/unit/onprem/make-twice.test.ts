// Making one bundle from two sides: through two names of its directory, from another account, container or machine.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openBundle } from "../../../src/onprem/bundle/open";
import { collectImages } from "../../../src/onprem/make/collect";
import { makeBundle } from "../../../src/onprem/make/make";
import type { Ingredients } from "../../../src/onprem/make/plan";
import { openRegistry, type RegistrySession } from "../../../src/onprem/registry/session";
import { holder, isGone } from "../../../toolchain/holder";
import { facts, files, randomLayer, release, signer, statementOn } from "./make-inputs";
import { type StandIn, startStandIn } from "./registry-stand-in";

let registry: StandIn;
let session: RegistrySession;
let directory: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  registry = await startStandIn();
  directory = mkdtempSync(join(tmpdir(), "palisade-twice-"));
  writeFileSync(join(directory, "auth.json"), "{}");
  mkdirSync(at("real"));
  session = openRegistry(registry.address, { authFile: join(directory, "auth.json"), pauseMs: 2 });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  session.close();
  await registry.close();
  rmSync(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);
const out = () => at("real/b.tar");
const owner = () => at("real/b.tar.part.owner");
const ingredients = async (version: string, seed: number): Promise<Ingredients> => {
  const collected = await collectImages(session, release(registry.add, randomLayer(seed)));
  const attachments = collected.images.map(({ descriptor }) => statementOn(descriptor));
  return { facts: { ...facts, version }, collected, files, attachments };
};
const make = async (path = out(), version = "1.2.3") =>
  makeBundle(await ingredients(version, 9), session, { out: path, signer });

/** Blobs come late, and in another order than they were asked for. */
function slowly(before: () => void = () => undefined): void {
  registry.misbehave = (request, response, count) => {
    const bytes = registry.content.get(/sha256:[0-9a-f]+$/.exec(request.url ?? "")?.[0] ?? "");
    if (!bytes || !request.url?.includes("/blobs/")) return false;
    before();
    setTimeout(() => response.writeHead(200, { "content-length": bytes.length }).end(bytes), 30 + ((count * 37) % 120));
    return true;
  };
}

async function sleeper(): Promise<number> {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  children.push(child);
  await once(child, "spawn");
  return child.pid ?? 0;
}

describe("two makings of one bundle", () => {
  test("through a link to its directory: the second waits, and leaves the first one's bundle as it is", async () => {
    symlinkSync(at("real"), at("link"));
    const [one, two] = [await ingredients("1.2.3", 9), await ingredients("1.2.4", 10)];
    slowly();
    const first = makeBundle(one, session, { out: out(), signer });
    const second = makeBundle(two, session, { out: at("link/b.tar"), signer });
    const ends = await Promise.allSettled([first, second]);
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    await expect(second).rejects.toThrow(/b\.tar is there already/);
    const bundle = await openBundle(out(), { publicKeyPem: signer.publicKeyPem });
    expect(bundle.release.version).toBe("1.2.3");
    await bundle.close();
    expect(readdirSync(at("real"))).toEqual(["b.tar"]);
  });

  test.each([
    ["of another account, which runs", async () => holder(await sleeper()), /b\.tar is being made: by process \d+ of /],
    ["of another machine", async () => ({ ...holder(), host: "vendor-ci-2" }), /process \d+ of "vendor-ci-2"/],
    ["of another container", async () => ({ ...holder(), namespace: "pid:[1]" }), /or was killed there/],
    ["that says nothing", async () => undefined, /b\.tar is being made: by a process that left no name/],
    ["that says it with a control character", async () => ({ ...holder(), host: "\u001b[2J" }), /\\u001b\[2J/],
  ])("the other one is %s: refused, and the file to remove is named", async (_, who, message) => {
    const found = await who();
    writeFileSync(owner(), found ? JSON.stringify(found) : "");
    writeFileSync(at("real/b.tar.part"), "theirs");
    const refused = await make().catch(String);
    expect(refused).toMatch(message);
    expect(refused).toContain(`rm ${owner()}`);
    expect(readFileSync(at("real/b.tar.part"), "utf8")).toBe("theirs");
    expect(existsSync(owner())).toBe(true);
    expect(existsSync(out())).toBe(false);
  });

  test.each([
    ["was killed", async () => ({ ...holder(await sleeper()), started: "1" })],
    ["ran before the machine was started anew", async () => ({ ...holder(), boot: "before" })],
  ])("the other one %s: this one goes on", async (_, who) => {
    writeFileSync(owner(), JSON.stringify(await who()));
    await make();
    expect(readdirSync(at("real"))).toEqual(["b.tar"]);
  });

  test("a making that fails is nobody's any more", async () => {
    registry.misbehave = (request, response) => {
      if (!request.url?.includes("/blobs/")) return false;
      response.writeHead(403).end();
      return true;
    };
    await expect(make()).rejects.toThrow(/403/);
    expect(readdirSync(at("real"))).toEqual(["b.tar.part"]);
  });

  test.each([
    ["the file under way is another one", () => renameSync(at("real/b.tar.part"), at("real/taken"))],
    [
      "another file lies in its place",
      () => {
        renameSync(at("real/b.tar.part"), at("real/taken"));
        writeFileSync(at("real/b.tar.part"), "theirs");
      },
    ],
    ["the making is another one's", () => writeFileSync(owner(), JSON.stringify({ ...holder(), host: "other" }))],
  ])("in the end %s: no bundle", async (_, meddle) => {
    let done = false;
    slowly(() => {
      if (!done) meddle();
      done = true;
    });
    await expect(make()).rejects.toThrow(/b\.tar.* (was taken away|is no longer this making's)/);
    expect(existsSync(out())).toBe(false);
  });

  test("a link in the place of the file under way is not followed", async () => {
    writeFileSync(at("precious"), "mine");
    symlinkSync(at("precious"), at("real/b.tar.part"));
    await expect(make()).rejects.toThrow(/b\.tar\.part cannot be written: ELOOP/);
    expect(readFileSync(at("precious"), "utf8")).toBe("mine");
  });
});

describe("a process", () => {
  test("that runs is not gone; one that ended, or whose number another one has, is", async () => {
    expect(isGone(holder())).toBe(false);
    const pid = await sleeper();
    const known = holder(pid);
    expect(isGone(known)).toBe(false);
    expect(isGone({ ...known, started: "1" })).toBe(true);
    const [child] = children;
    child?.kill("SIGKILL");
    if (child) await once(child, "exit");
    expect(isGone(known)).toBe(true);
  });
});
