// The installer against a real API server: killed before and after every step, two at once, fields of others, finalizers, and all gone at the end.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "./api-server";
import type { InstallerLine } from "./installer-line";
import { namespaceOf, platformOf } from "./small-release";

const program = join(__dirname, "install-program.ts");
const steps = ["preflight", "begin", "images", "grant", "secrets", "apply", "wait", "smoke", "prune", "record"];
let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
}, 300_000);
afterAll(async () => {
  await server?.stop();
});

function start(args: readonly string[]): ChildProcessWithoutNullStreams {
  const [command = "", version = "", place = "", how = ""] = args;
  return spawn(process.execPath, ["--import", "tsx", program, server.kubeconfig, command, version, place, how]);
}

/** Changes the release's `settings` by hand. */
function patchSettings(at: readonly string[], patch: string): Promise<string> {
  return server.kubectl(["patch", "configmap", "settings", ...at, "--type=merge", "--patch", patch]);
}

/** Every line that a run says; a step that begins is let go on, unless `killAt` is it: then the process ends there and then. */
async function run(args: readonly string[], killAt?: string): Promise<InstallerLine[]> {
  const child = start([args[0] ?? "", args[1] ?? "", args[2] ?? "", killAt === undefined ? "" : "confirm-each"]);
  const ended = new Promise(resolve => child.once("exit", resolve));
  const lines: InstallerLine[] = [];
  let errors = "";
  let step: string | undefined;
  child.stderr.on("data", chunk => {
    errors += String(chunk);
  });
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as InstallerLine;
    lines.push(line);
    if (line.event === "step" && line.state === "begins") step = line.id;
    if (killAt === undefined || !line.text?.startsWith("Go on with")) continue;
    if (step === killAt) child.kill("SIGKILL");
    else child.stdin.write("y\n");
  }
  await ended;
  expect(errors).toBe("");
  return lines;
}

const endOf = (lines: readonly InstallerLine[]): string | undefined => lines.at(-1)?.failed ?? lines.at(-1)?.text;

interface Listed {
  items: {
    kind: string;
    metadata: { name: string; annotations?: Record<string, string>; uid: string };
    data?: Record<string, string>;
  }[];
}

/** All of ours in the place, by kind and name, with what of it should be the same each time. */
async function stateOf(place: string): Promise<string[]> {
  const kinds = "configmaps,serviceaccounts,deployments,persistentvolumeclaims,secrets";
  const found: string[] = [];
  for (const namespace of [namespaceOf(place), platformOf(place)]) {
    const { items } = JSON.parse(await server.kubectl(["get", kinds, "-n", namespace, "-o", "json"])) as Listed;
    for (const { kind, metadata, data } of items) {
      if (metadata.name.startsWith("kube-root")) continue;
      const content = kind === "ConfigMap" && data?.version ? data.version : (data?.release ?? data?.operation ?? "");
      found.push(
        `${kind} ${metadata.name} ${content
          .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
          .replaceAll(place, "PLACE")
          .replaceAll(/"fingerprint":"\w+"|"serial":\d+|"isBack":(?:true|false)/g, "")}`,
      );
    }
  }
  const priority = JSON.parse(
    await server.kubectl(["get", "priorityclass", `${place}-shop`, "-o", "json"]),
  ) as Listed["items"][0];
  return [...found, `PriorityClass ${priority.metadata.annotations?.["test/version"]}`].toSorted();
}

async function remove(place: string): Promise<void> {
  expect(endOf(await run(["uninstall", "data", place]))).toBe("Everything of the release is gone.");
  const left = await server.kubectl(["get", "namespaces,priorityclasses", "-o", "name"]);
  expect(left).not.toContain(place);
}

test("killed at every step, an upgrade typed again ends as one that was not", { timeout: 900_000 }, async () => {
  expect(endOf(await run(["install", "1.0.0", "whole"]))).toBe("Release 1.0.0 runs.");
  expect(endOf(await run(["install", "1.0.0", "whole"]))).toBe("Release 1.0.0 runs; nothing had to be changed.");
  expect(endOf(await run(["upgrade", "1.1.0", "whole"]))).toBe("Release 1.1.0 runs.");
  const wanted = await stateOf("whole");
  expect(wanted).toContain("ConfigMap new 1.1.0");
  expect(wanted.join("\n")).not.toContain("ConfigMap old");

  await run(["install", "1.0.0", "killed"]);
  for (const step of steps) {
    const lines = await run(["upgrade", "1.1.0", "killed"], step);
    expect(lines.at(-1)?.event, step).toBe("question");
    expect(lines.filter(line => line.state === "begins").at(-1)?.id).toBe(step);
    expect(endOf(await run(["upgrade", "1.1.0", "killed"]))).toMatch(/^Release 1\.1\.0 runs/);
    expect(await stateOf("killed"), step).toEqual(wanted);
    expect(endOf(await run(["rollback", "1.0.0", "killed"]))).toBe("Release 1.0.0 runs.");
    // Each round has the records of a first upgrade.
    const second = ["configmap", "palisade-release-2", "-n", platformOf("killed")];
    await server.kubectl(["delete", ...second]);
  }
  await remove("killed");
  await remove("whole");
});

test("of two at once the second is refused, and says who is at work", { timeout: 300_000 }, async () => {
  await run(["install", "1.0.0", "two"]);
  const first = start(["upgrade", "1.1.0", "two", "confirm-each"]);
  for await (const text of createInterface({ input: first.stdout })) {
    const line = JSON.parse(text) as InstallerLine;
    if (line.text === "Go on with apply the objects? [Y/n]") break;
    if (line.text?.startsWith("Go on with")) first.stdin.write("y\n");
  }
  expect(endOf(await run(["upgrade", "1.1.0", "two"]))).toMatch(
    new RegExp(`another installer is at work: .*process ${first.pid} .* does \`upgrade\``),
  );
  // What is under way is not what this one asks for.
  expect(endOf(await run(["install", "1.0.0", "two"]))).toMatch(
    /another operation is under way: upgrade of 1\.1\.0.*\n.*palisade upgrade BUNDLE[\s\S]*palisade rollback/,
  );
  const ended = new Promise(resolve => first.once("exit", resolve));
  first.kill("SIGKILL");
  await ended;
  expect(endOf(await run(["rollback", "", "two"]))).toBe("Release 1.0.0 runs.");
  expect((await stateOf("two")).join("\n")).not.toContain("ConfigMap new");
  await remove("two");
});

test("fields of others on our objects are named and set back; objects of others are left alone", {
  timeout: 300_000,
}, async () => {
  await run(["install", "1.0.0", "owned"]);
  const at = ["-n", namespaceOf("owned")];
  await patchSettings(at, '{"data":{"version":"by hand"}}');
  const lines = await run(["install", "1.0.0", "owned"]);
  expect(lines.map(line => line.text ?? "").join("\n")).toMatch(
    /ConfigMap owned-shop\/settings: set back .data.version, which `kubectl-patch` had set/,
  );
  expect(await stateOf("owned")).toContain("ConfigMap settings 1.0.0");

  await server.kubectl(["create", "configmap", "new", ...at]);
  expect(endOf(await run(["upgrade", "1.1.0", "owned"]))).toMatch(
    /ConfigMap owned-shop\/new is there already, and this installer did not make it[\s\S]*Went back to release 1\.0\.0/,
  );
  expect((await stateOf("owned")).join("\n")).toContain("ConfigMap old 1.0.0");
  await server.kubectl(["delete", "configmap", "new", ...at]);
  await remove("owned");
});

test("an uninstall names a finalizer that nobody works on, keeps the data, and goes on when typed again", {
  timeout: 300_000,
}, async () => {
  await run(["install", "1.0.0", "held"]);
  const at = ["-n", namespaceOf("held")];
  await patchSettings(at, '{"metadata":{"finalizers":["test.invalid/held"]}}');
  expect(endOf(await run(["uninstall", "", "held"]))).toContain("held by finalizer `test.invalid/held`");
  await patchSettings(at, '{"metadata":{"finalizers":null}}');
  expect(endOf(await run(["uninstall", "", "held"]))).toMatch(/gone but its data: held-shop\/data/);
  expect(await server.kubectl(["get", "secret,pvc", ...at, "-o", "name"])).toBe(
    "secret/keys\npersistentvolumeclaim/data",
  );
  const uid = await server.kubectl(["get", "pvc", "data", ...at, "-o", "jsonpath={.metadata.uid}"]);
  expect(endOf(await run(["install", "1.0.0", "held"]))).toBe("Release 1.0.0 runs.");
  expect(await server.kubectl(["get", "pvc", "data", ...at, "-o", "jsonpath={.metadata.uid}"])).toBe(uid);
  await remove("held");
});
