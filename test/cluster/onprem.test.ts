// PF-1, PF-7, RT-13: all systems on a real cluster by `pulumi up` alone: healthy, stable, mended after drift, and gone without a trace.
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { type LocalStack, pulumi } from "../../toolchain/stack";
import { type ClusterRoom, openClusterRoom, stackValues, suppliedSecrets } from "./local-stack";
import { proofs } from "./proofs/all";
import { prepareCluster, proofPrograms, provableValues, type RunningSystem } from "./running-system";

const environment = "dev";
const namespaces = ["sanctum", "iss", "scriptpulse", "router", "content-pipeline"].map(
  name => `${name}-${environment}`,
);

interface Listed {
  kind: string;
  metadata: { name: string; namespace?: string };
  spec: { replicas?: number; template?: { spec: { containers: { env?: { name: string; value?: string }[] }[] } } };
  status: { readyReplicas?: number; phase?: string };
}
interface Step {
  op: string;
  urn: string;
}

let room: ClusterRoom;
let stack: LocalStack;
let programs: RunningSystem["programs"];
let written = "";
beforeAll(async () => {
  room = await openClusterRoom();
  await prepareCluster(room);
  programs = await proofPrograms();
  stack = await room.stack("trial", provableValues(stackValues(room)));
});
afterAll(() => room?.close());

async function engine(...args: string[]): Promise<string> {
  const quiet = args[0] === "stack" ? [] : ["--suppress-progress"];
  const { code, stdout, stderr } = await pulumi(stack, [...args, ...quiet]);
  written += stdout + stderr;
  expect(code, `${args.join(" ")}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

/** What a preview would do, but for what stays as it is. */
async function planned(): Promise<Step[]> {
  const { steps } = JSON.parse(await engine("preview", "--json")) as { steps: Step[] };
  return steps.filter(({ op }) => op !== "same");
}

async function list(kinds: string, ...more: string[]): Promise<Listed[]> {
  const { stdout, stderr, code } = await room.kubectl("get", kinds, "--output", "json", ...more);
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as { items: Listed[] }).items;
}

describe.sequential("from nothing to nothing", () => {
  test("`pulumi up` ends when all systems are healthy", async () => {
    await engine("up", "--yes", "--skip-preview");
    const all = await list("deployments,statefulsets", "--all-namespaces");
    const own = all.filter(({ metadata }) => namespaces.includes(metadata.namespace ?? ""));
    expect(new Set(own.map(({ metadata }) => metadata.namespace))).toEqual(new Set(namespaces));
    const unready = own.filter(({ spec, status }) => (status.readyReplicas ?? 0) < (spec.replicas ?? 1));
    expect(unready.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([]);
  });

  test("a second preview changes nothing", async () => {
    expect(await planned()).toEqual([]);
  });

  test("secrets are encrypted in the state, and in no output (PF-7)", async () => {
    const state = await engine("stack", "export");
    const values = Object.values(suppliedSecrets).flatMap(secrets => Object.values(secrets));
    for (const value of values)
      for (const text of [value, Buffer.from(value).toString("base64")]) {
        expect(state).not.toContain(text);
        expect(written).not.toContain(text);
      }
    expect(state + written).not.toMatch(/BEGIN( EC)? PRIVATE KEY/);
  });

  test("one changed value of the configuration is one update", async () => {
    const document = parseDocument(await readFile(stack.configFile, "utf8"));
    const place = ["config", "palisade:workloads", "scriptpulse", "services", "api", "environment"];
    document.setIn(place, document.createNode({ CHANGED_BY_THE_TEST: "1" }));
    await writeFile(stack.configFile, document.toString());
    const steps = await planned();
    expect(steps.map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`)).toEqual([
      "update scriptpulse-dev-deployment-api",
    ]);
    await engine("up", "--yes", "--skip-preview");
    expect(await planned()).toEqual([]);
  });

  test("a field that somebody edited is shown by refresh, and mended by the next update (RT-13)", async () => {
    const edited = ["deployment/api", "--namespace", "scriptpulse-dev"];
    const set = await room.kubectl("set", "env", ...edited, "CHANGED_BY_THE_TEST=2", "--containers", "api");
    expect(set.code, set.stderr).toBe(0);
    expect(await engine("refresh", "--yes", "--diff")).toMatch(/CHANGED_BY_THE_TEST|scriptpulse-dev-deployment-api/);
    expect((await planned()).map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`)).toEqual([
      "update scriptpulse-dev-deployment-api",
    ]);
    await engine("up", "--yes", "--skip-preview");
    const [deployment] = await list(
      "deployments",
      "--namespace",
      "scriptpulse-dev",
      "--field-selector",
      "metadata.name=api",
    );
    const variables = deployment?.spec.template?.spec.containers.flatMap(({ env = [] }) => env) ?? [];
    expect(variables).toContainEqual({ name: "CHANGED_BY_THE_TEST", value: "1" });
    expect(await planned()).toEqual([]);
  });

  describe.sequential("while it runs", () => proofs(() => ({ room, stack, programs })));

  test("destroy leaves nothing of the stack", async () => {
    await engine("destroy", "--yes", "--skip-preview");
    const label = ["--selector", "app.kubernetes.io/managed-by=palisade", "--all-namespaces"];
    const kinds = "namespaces,clusterroles,clusterrolebindings,validatingadmissionpolicies,priorityclasses,leases";
    expect((await list(kinds, ...label)).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
    const left = await list("namespaces");
    expect(left.filter(({ metadata }) => namespaces.includes(metadata.name))).toEqual([]);
    // The provisioner takes a moment to remove what a claim held.
    await expect
      .poll(async () => (await list("persistentvolumes")).length, { timeout: 120_000, interval: 2000 })
      .toBe(0);
  });
});
