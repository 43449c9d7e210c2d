// The kubernetes plugin, run by the real engine against a real API server and its controllers. (PF-9)
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "./api-server";
import { KINDS } from "./kubernetes-kinds";
import { type Program, program } from "./kubernetes-program";

let api: ApiServer;
let current: Program | undefined;

beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api?.stop());
afterEach(async () => {
  await current?.remove();
  current = undefined;
});

async function start(text: string, provider = ""): Promise<Program> {
  current = await program(api.kubeconfig, provider);
  await current.write(text);
  return current;
}

const ops = (steps: { op: string; urn: string }[]) =>
  Object.fromEntries(
    steps.filter(step => !["same", "refresh"].includes(step.op)).map(step => [step.urn.split("::").at(-1), step.op]),
  );

const namespace = (name: string) =>
  `const ns = new k8s.core.v1.Namespace("${name}", { metadata: { name: "${name}" } }, { provider });\n`;

const SKIP = `annotations: { "pulumi.com/skipAwait": "ready" }`;

test("what the server fills in is no change, what moves is drift, and drift is mended", {
  timeout: 600_000,
}, async () => {
  const stack = await start(KINDS("1"));
  await stack.up();
  expect(await stack.state()).not.toContain("correct-horse");
  expect(await stack.state()).not.toContain(Buffer.from("correct-horse").toString("base64"));

  const second = await stack.preview();
  expect(ops(second.steps)).toEqual({});
  expect(second.changeSummary?.same).toBeGreaterThan(28);
  const refreshed = await stack.run(["refresh", "--yes", "--expect-no-changes"]);
  expect(refreshed.stdout + refreshed.stderr).toMatch(/\d+ unchanged/);
  expect(refreshed.code).toBe(0);

  await stack.write(KINDS("2"));
  const third = await stack.preview();
  expect(ops(third.steps)).toEqual({ web: "update" });
  const diff = third.steps.find(step => step.urn.endsWith("::web"))?.detailedDiff;
  expect(Object.keys(diff ?? {})).toEqual(["spec.template.spec.containers[0].env[0].value"]);
  await stack.up();

  // By hand: a field of ours, and one that is nobody's.
  const patch = { spec: { minReadySeconds: 7 }, metadata: { labels: { "by-hand": "yes" } } };
  await api.kubectl([
    "patch",
    "deployment",
    "web",
    "-n",
    "kinds",
    "--field-manager=kubectl-edit",
    "-p",
    JSON.stringify(patch),
  ]);
  expect(ops((await stack.preview()).steps)).toEqual({});
  const seen = await stack.run(["refresh", "--yes", "--diff"]);
  expect(seen.stdout).toMatch(/minReadySeconds: 3 => 7/);
  expect(seen.stdout).not.toMatch(/by-hand/);
  const mending = await stack.preview();
  expect(ops(mending.steps)).toEqual({ web: "update" });
  const mended = await stack.up();
  expect(mended.stdout).toMatch(/set back what was changed by hand: \.spec\.minReadySeconds/);
  expect(await api.kubectl(["get", "deployment", "web", "-n", "kinds", "-o", "jsonpath={.spec.minReadySeconds}"])).toBe(
    "3",
  );
  expect(ops((await stack.preview(["--refresh"])).steps)).toEqual({});

  const ended = await stack.run(["destroy", "--yes"]);
  expect(ended.stdout + ended.stderr).toMatch(/- \d+ deleted/);
  await expect(api.kubectl(["get", "namespace", "kinds"])).rejects.toThrow(/NotFound/);
});

test("what cannot change is replaced, as the rules or the server say", { timeout: 300_000 }, async () => {
  const text = (v: string) => `${namespace("fixed")}
    const m = (name: string, more = {}) => ({ metadata: { name, namespace: "fixed", ${SKIP} }, ...more });
    const o = { provider, dependsOn: ns };
    const template = { metadata: { labels: { app: "${v}" } }, spec: { containers: [{ name: "a", image: "x" }] } };
    new k8s.apps.v1.Deployment("selector", m("selector", { spec: { selector: { matchLabels: { app: "${v}" } }, template } }), o);
    new k8s.core.v1.ConfigMap("named", m("named", { data: { v: "${v}" } }), o);
    new k8s.core.v1.ConfigMap("autonamed", { metadata: { namespace: "fixed" }, data: { v: "${v}" } }, o);
    new k8s.storage.v1.CSIDriver("server-says", { metadata: { name: "fixed.example.org" }, spec: { attachRequired: ${v === "a"} } }, o);
    new k8s.core.v1.Service("kept", m("kept", { spec: { selector: { app: "${v}" }, ports: [{ port: 80 }] } }), o);`;
  const stack = await start(text("a"));
  await stack.up();
  await stack.write(text("b"));
  const { steps } = await stack.preview();
  const kinds = (name: string) => steps.filter(step => step.urn.endsWith(`::${name}`)).map(step => step.op);
  expect(kinds("selector")).toEqual(["replace"]);
  expect(kinds("named")).toEqual(["replace"]);
  expect(kinds("autonamed")).toEqual(["replace"]);
  expect(kinds("server-says")).toEqual(["replace"]);
  expect(kinds("kept")).toEqual(["update"]);
  await stack.up();
  expect(ops((await stack.preview()).steps)).toEqual({});
  await stack.run(["destroy", "--yes"]);
});

describe("objects and fields of others", () => {
  const map = (name: string, more = "") => `${namespace(name)}
    new k8s.core.v1.ConfigMap("settings", { metadata: { name: "settings", namespace: "${name}"${more} }, data: { level: "info" } },
      { provider, dependsOn: ns });`;

  test("an object that exists already is not taken over, unless that is asked for", { timeout: 300_000 }, async () => {
    await api.kubectl(["create", "namespace", "taken"]);
    await api.kubectl(["create", "configmap", "settings", "-n", "taken", "--from-literal=level=debug"]);
    const text = `new k8s.core.v1.ConfigMap("settings", { metadata: { name: "settings", namespace: "taken" }, data: { level: "info" } }, { provider });`;
    const stack = await start(text);
    const refused = await stack.run(["up", "--yes", "--skip-preview"]);
    expect(refused.code).not.toBe(0);
    expect(refused.stdout + refused.stderr).toMatch(
      /ConfigMap taken\/settings exists already and is not of this stack/,
    );
    expect(refused.stdout + refused.stderr).toMatch(/pulumi import/);
    expect((await stack.run(["preview"])).stdout).toMatch(/exists already/);
    await stack.remove();
    const taking = await start(text, "upsertExistingObjects: true, enablePatchForce: true");
    await taking.up();
    expect(await api.kubectl(["get", "configmap", "settings", "-n", "taken", "-o", "jsonpath={.data.level}"])).toBe(
      "info",
    );
  });

  test("a field of another manager is reported with its owner, and taken only by force", {
    timeout: 300_000,
  }, async () => {
    const stack = await start(map("conflict"), "enableConfigMapMutable: true");
    await stack.up();
    const theirs = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", namespace: "conflict" },
      data: { level: "debug" },
    };
    await api.kubectl(["apply", "--server-side", "--force-conflicts", "--field-manager=flux", "-f", "-"], theirs);
    await stack.write(map("conflict").replace('"info"', '"warn"'));
    const refused = await stack.run(["up", "--yes", "--skip-preview"]);
    expect(refused.code).not.toBe(0);
    expect(refused.stdout + refused.stderr).toMatch(
      /ConfigMap conflict\/settings: what the program sets belongs to another/,
    );
    expect(refused.stdout + refused.stderr).toMatch(/\.data\.level belongs to `flux`/);
    await stack.write(
      map("conflict", `, annotations: { "pulumi.com/patchForce": "true" }`).replace('"info"', '"warn"'),
    );
    await stack.up();
    expect(await api.kubectl(["get", "configmap", "settings", "-n", "conflict", "-o", "jsonpath={.data.level}"])).toBe(
      "warn",
    );
  });
});

test("a finalizer that nobody works on is named when the time is over", { timeout: 300_000 }, async () => {
  const text = `${namespace("held")}
    new k8s.core.v1.ConfigMap("held", { metadata: { name: "held", namespace: "held", finalizers: ["example.org/hold"] } },
      { provider, dependsOn: ns, customTimeouts: { delete: "3s" } });`;
  const stack = await start(text);
  await stack.up();
  const stuck = await stack.run(["destroy", "--yes", "--skip-preview"]);
  expect(stuck.code).not.toBe(0);
  expect(stuck.stdout + stuck.stderr).toMatch(
    /ConfigMap held\/held is still being deleted after 3 s: held by finalizer `.*example\.org\/hold/,
  );
  await api.kubectl([
    "patch",
    "configmap",
    "held",
    "-n",
    "held",
    "--type=merge",
    "-p",
    '{"metadata":{"finalizers":null}}',
  ]);
  expect((await stack.run(["destroy", "--yes", "--skip-preview"])).code).toBe(0);
});

test("an object made by hand is imported, and one deleted by hand is made again", { timeout: 300_000 }, async () => {
  await api.kubectl(["create", "namespace", "import"]);
  await api.kubectl(["create", "configmap", "made", "-n", "import", "--from-literal=a=b"]);
  const text = (options: string) =>
    `new k8s.core.v1.ConfigMap("made", { metadata: { name: "made", namespace: "import" }, data: { a: "b" } }, { provider${options} });`;
  const stack = await start(text(`, import: "import/made"`));
  const imported = await stack.up();
  expect(imported.stdout).toMatch(/1 imported|= 1/);
  await stack.write(text(""));
  expect(ops((await stack.preview()).steps)).toEqual({});
  await api.kubectl(["delete", "configmap", "made", "-n", "import"]);
  const again = (await stack.preview(["--refresh"])).steps.filter(step => step.urn.endsWith("::made"));
  expect(again.map(step => step.op)).toContain("create");
});
