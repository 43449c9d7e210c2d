// RT-16, SA-13: with the grant that is printed, an installer can do all of its plan on a real API server, and nothing beside it.
// PF-7, SA-8: Secrets made on the spot there, and a support bundle from which nothing of them can be had.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../src/components/kubernetes/object";
import type { SecretPlan } from "../../src/components/kubernetes/secret-plan";
import { connect } from "../../src/kubernetes/client";
import { discovery } from "../../src/kubernetes/discovery";
import { connection } from "../../src/kubernetes/kubeconfig";
import { apply, type Cluster, get, placeOf } from "../../src/kubernetes/objects";
import { plainReader } from "../../src/kubernetes/plain-request";
import { neededAccess } from "../../src/onprem/grant/access";
import { mayDo, refusedOf } from "../../src/onprem/grant/ask-access";
import { grantText } from "../../src/onprem/grant/grant";
import { grantFaults } from "../../src/onprem/grant/in-place";
import { belongsToGrant, type Granting } from "../../src/onprem/grant/rules";
import { subjectOf } from "../../src/onprem/grant/subject";
import { preflight } from "../../src/onprem/preflight/preflight";
import { makeSecrets } from "../../src/onprem/secrets/make-secrets";
import { supportBundle } from "../../src/onprem/support/support-bundle";
import { exampleRelease } from "../unit/onprem/release";
import { type ApiServer, startApiServer } from "./api-server";

const directory = mkdtempSync(join(tmpdir(), "palisade-rights-"));
const supplied = "1234567890:seeded-telegram-token-of-the-test";
const store = "customer-store/palisade";
const isTraefik = ({ apiVersion }: KubernetesObject) => apiVersion.startsWith("traefik.io/");
const { objects: all, secrets, given, endpoints, platformNamespace } = exampleRelease();
const objects = all.filter(object => !isTraefik(object));
const release: Granting & { secrets: SecretPlan[] } = { platformNamespace, objects, secrets, endpoints };

let server: ApiServer;
let administrator: Cluster;
let installer: Cluster;
let kubeconfig: string;

const connectionOf = (path: string) =>
  connection(
    { kubeconfig: path, context: "", cluster: "", namespace: "" },
    { given: "the kubeconfig", chooseContext: "" },
  );
const clusterOf = (path: string): Cluster => {
  const api = connect(connectionOf(path), { userAgent: "palisade-test" });
  return { api, discovery: discovery(api) };
};
const json = (object: KubernetesObject) => JSON.parse(JSON.stringify(object));
const work = { progress: () => undefined, say: () => undefined, cancelled: new AbortController().signal };
async function applyAs(cluster: Cluster, object: KubernetesObject) {
  const place = await placeOf(cluster, object, json(object));
  if (!place) throw new Error(`${object.kind} is not served`);
  return apply(cluster, place, json(object), { manager: "palisade", dryRun: false, force: false });
}

beforeAll(async () => {
  server = await startApiServer();
  administrator = clusterOf(server.kubeconfig);
  await server.kubectl(["create", "namespace", "customer-store"]);
  await server.kubectl(["create", "namespace", "elsewhere"]);
  await server.kubectl(["create", "secret", "generic", "other", "-n", "elsewhere", "--from-literal=a=b"]);
  await server.kubectl(["create", "secret", "generic", "other", "-n", "customer-store", "--from-literal=a=b"]);
  await server.kubectl([
    ...["create", "secret", "generic", "palisade", "-n", "customer-store"],
    ...[
      "router.TELEGRAM_BOT_TOKEN",
      "router.A2A_TOKEN",
      "content-pipeline.TELEGRAM_BOT_TOKEN",
      "content-pipeline.GEMINI_API_KEY",
    ].map((key, i) => `--from-literal=${key}=${supplied}${i}`),
  ]);
  const grant = join(directory, "grant.yaml");
  writeFileSync(grant, grantText(release, { secretsFrom: { namespace: "customer-store", name: "palisade" } }));
  await server.kubectl(["apply", "-f", grant]);
  // What an administrator types once may be typed twice.
  await server.kubectl(["apply", "-f", grant]);
  const token = await server.kubectl(["create", "token", "palisade-installer", "-n", platformNamespace]);
  kubeconfig = server.kubeconfigOf(token);
  installer = clusterOf(kubeconfig);
}, 600_000);
afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

describe("an installer with the grant", () => {
  test("finds it fitting, with every right that the plan needs", async () => {
    expect(await grantFaults(installer, release)).toEqual([]);
    expect(neededAccess(release).length).toBeGreaterThan(100);
    expect(await refusedOf(administrator, neededAccess(release))).toEqual([]);
  });

  test("makes the Secrets, reading supplied ones from the customer's store, and none of them again", async () => {
    const wanted = { platformNamespace, secrets, given };
    const first = await makeSecrets(installer, wanted, { store, environment: {} }, work);
    expect(first).toBe(`${secrets.length} made, 0 changed, 0 as they were`);
    expect(await makeSecrets(installer, wanted, { environment: {} }, work)).toBe(
      `0 made, 0 changed, ${secrets.length} as they were`,
    );
    const again = await makeSecrets(
      installer,
      wanted,
      { environment: { PALISADE_SECRET_ROUTER_A2A_TOKEN: "another-token" } },
      work,
    );
    expect(again).toBe(`0 made, 1 changed, ${secrets.length - 1} as they were`);
  });

  test("applies every object of the release that is not the administrator's, and deletes it", async () => {
    for (const object of objects.filter(each => !belongsToGrant(each))) {
      await applyAs(installer, object);
      const place = await placeOf(installer, object, json(object));
      if (!place) throw new Error(`${object.kind} is not served`);
      expect(await get(installer, place), `${object.kind} ${object.metadata.name}`).toBeDefined();
    }
    const [quota] = objects.filter(({ kind }) => kind === "ResourceQuota");
    const place = quota && (await placeOf(installer, quota, json(quota)));
    if (!place) throw new Error("no quota");
    await installer.api.send({ method: "DELETE", path: place.path });
    expect(await get(installer, place)).toBeUndefined();
  });

  const role = (namespace: string): KubernetesObject => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "more", namespace },
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }],
  });
  test.each<[string, KubernetesObject]>([
    ["a right elsewhere", role("elsewhere")],
    ["a right in its own namespace", role(platformNamespace)],
    ["a namespace", { apiVersion: "v1", kind: "Namespace", metadata: { name: "more" } }],
    [
      "a Secret elsewhere",
      { apiVersion: "v1", kind: "Secret", metadata: { name: "more", namespace: "elsewhere" }, data: {} },
    ],
    [
      "a Secret in the store",
      { apiVersion: "v1", kind: "Secret", metadata: { name: "palisade", namespace: "customer-store" }, data: {} },
    ],
    [
      "a ConfigMap elsewhere",
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "more", namespace: "elsewhere" }, data: {} },
    ],
    [
      "its own rights",
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata: { name: "palisade-installer", namespace: platformNamespace },
        rules: [],
      },
    ],
  ])("cannot make %s", async (_, object) => {
    await expect(applyAs(installer, object)).rejects.toMatchObject({ status: 403 });
  });

  test.each([
    "/api/v1/namespaces/elsewhere/secrets/other",
    "/api/v1/namespaces/customer-store/secrets/other",
    "/api/v1/namespaces/customer-store/secrets",
    "/api/v1/namespaces/elsewhere/configmaps",
    "/api/v1/secrets",
    `/api/v1/namespaces/${platformNamespace}/secrets`,
    "/api/v1/nodes",
    "/api/v1/namespaces/kube-system",
  ])("cannot read %s", async path => {
    await expect(installer.api.send({ method: "GET", path })).rejects.toMatchObject({ status: 403 });
  });

  test("cannot approve a release", async () => {
    const access = {
      namespace: "content-pipeline-prod",
      group: "approvals.palisade.dev",
      resource: "approvals",
      subresource: "",
      verb: "create",
      name: "release",
    };
    expect(await mayDo(installer, access)).toBe(false);
  });

  test("is told what fits no longer once the release is another", async () => {
    const policy = objects.find(({ kind }) => kind === "ValidatingAdmissionPolicy");
    if (!policy) throw new Error("no policy");
    const changed = { ...policy, spec: { ...(policy.spec as object), failurePolicy: "Ignore" } };
    const extra = { apiVersion: "v1", kind: "Namespace", metadata: { name: "sixth-prod" } };
    const inside = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "sixth-prod" } };
    const next = { ...release, objects: [...objects.map(each => (each === policy ? changed : each)), extra, inside] };
    const faults = await grantFaults(installer, next);
    expect(faults).toContainEqual({
      what: `ValidatingAdmissionPolicy ${policy.metadata.name}`,
      why: "other",
      isOthers: false,
    });
    expect(faults).toContainEqual({ what: "Namespace sixth-prod", why: "not readable" });
    expect(faults).toContainEqual({ what: "create configmaps in sixth-prod", why: "not allowed" });
  });
});

test("a grant can be for a user by name, who then needs no account", async () => {
  const text = grantText(release, { subject: subjectOf("system:serviceaccount:elsewhere:robot") });
  expect(text).not.toContain("kind: ServiceAccount\nmetadata:\n  name: palisade-installer");
  expect(text).toContain("name: robot");
});

describe("the preflight", () => {
  const inputs = (cluster: Cluster, path: string) => ({
    cluster,
    plain: plainReader(connectionOf(path), "palisade-test"),
    release,
    minimumKubernetes: "1.30",
    images: { size: 2 ** 30 },
    registry: "",
    grantCommand: "palisade plan B --grant | kubectl apply -f -",
  });

  test("of a granted installer finds rights, version, clock, policies, and that storage and nodes are not there", async () => {
    const findings = await preflight(inputs(installer, kubeconfig));
    const of = (id: string) => findings.filter(finding => finding.id === id).map(({ level }) => level);
    for (const id of ["api-version", "permissions", "grant", "clock", "admission-policy", "pod-security"])
      expect(of(id), id).toEqual(["ok"]);
    // The certificate of the tests is good for a day.
    expect(of("server-certificate")).toEqual(["warning"]);
    expect(of("storage-class")).toEqual(["failed", "failed"]);
    expect(of("node-resources")).toEqual(["warning"]);
    expect(findings.filter(({ level, fix }) => level !== "ok" && fix === "")).toEqual([]);
  });

  test("of somebody without rights names them and the command", async () => {
    const token = await server.kubectl(["create", "token", "default", "-n", "elsewhere"]);
    const path = server.kubeconfigOf(token);
    const findings = await preflight(inputs(clusterOf(path), path));
    const found = findings.find(({ id }) => id === "permissions");
    expect(found).toMatchObject({ level: "failed" });
    expect(found?.found).toMatch(/permission denied/);
    expect(found?.fix).toMatch(/palisade plan B --grant/);
    expect(findings.find(({ id }) => id === "grant")?.level).toBe("failed");
  });

  test("of an administrator finds that no node is there", async () => {
    const findings = await preflight(inputs(administrator, server.kubeconfig));
    expect(findings.find(({ id }) => id === "node-resources")).toMatchObject({ level: "failed" });
    expect(findings.find(({ id }) => id === "permissions")).toMatchObject({ level: "ok" });
  });
});

test("a support bundle of what is there has none of the Secrets, raw or unpacked", async () => {
  const seeded = await Promise.all(
    secrets.map(async ({ namespace, name }) => {
      const live = await administrator.api.send({
        method: "GET",
        path: `/api/v1/namespaces/${namespace}/secrets/${name}`,
      });
      return Object.values(live.data as Record<string, string>);
    }),
  );
  const values = seeded.flat().flatMap(value => [value, Buffer.from(value, "base64").toString("utf8")]);
  await server.kubectl([
    "create",
    "configmap",
    "palisade-journal",
    "-n",
    platformNamespace,
    `--from-literal=operation=${JSON.stringify({ note: supplied })}`,
  ]);
  await server.kubectl([
    "label",
    "configmap",
    "palisade-journal",
    "-n",
    platformNamespace,
    "palisade.dev/record=journal",
  ]);
  await server.kubectl([
    "annotate",
    "deployment",
    "poller",
    "-n",
    "router-prod",
    `note=${supplied}0`,
    "palisade.dev/halted=user mail@example.com said so",
  ]);
  const out = join(directory, "support.tar.gz");
  const namespaces = objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
  const line = await supportBundle(
    {
      ...{
        cluster: installer,
        plain: plainReader(connectionOf(kubeconfig), "palisade-test"),
        platformNamespace,
        namespaces,
        objects,
        secrets,
      },
      ...{
        alsoSecret: [supplied],
        versions: { installer: "1.0.0" },
        lines: 100,
        now: "2030-01-01T00:00:00Z",
        progress: () => undefined,
      },
    },
    out,
  );
  expect(line).toMatch(/files, \d+ bytes/);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  const raw = readFileSync(out);
  const unpacked = gunzipSync(raw);
  const text = unpacked.toString("utf8");
  expect(text).toContain("manifest.yaml");
  expect(text).toContain("kind: NetworkPolicy");
  expect(text).toContain("postgres-admin");
  expect(values.length).toBeGreaterThan(80);
  for (const value of [...values, supplied, "mail@example.com"]) {
    expect(raw.includes(value)).toBe(false);
    expect(unpacked.includes(value)).toBe(false);
  }
}, 120_000);
