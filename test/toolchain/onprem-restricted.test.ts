// RT-16, SA-13: installed, upgraded, gone back and uninstalled by an account that has the printed grant and nothing beside it, on a real API server.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubernetesObject } from "../../src/components/kubernetes/object";
import { connect } from "../../src/kubernetes/client";
import { discovery } from "../../src/kubernetes/discovery";
import { connection } from "../../src/kubernetes/kubeconfig";
import type { Cluster } from "../../src/kubernetes/objects";
import { grantText } from "../../src/onprem/grant/grant";
import type { Environment } from "../../src/onprem/install/environment";
import { thisProcess } from "../../src/onprem/install/holder";
import { leftOvers } from "../../src/onprem/install/left-over";
import type { Target } from "../../src/onprem/install/parts";
import type { Report } from "../../src/onprem/install/report";
import { advance, rollback } from "../../src/onprem/install/transition";
import { uninstall } from "../../src/onprem/install/uninstall";
import { earlierIn, earlierReleases } from "../../src/onprem/installer/earlier";
import { permissions } from "../../src/onprem/preflight/permissions";
import { requirePassed } from "../../src/onprem/preflight/preflight";
import { makeSecrets } from "../../src/onprem/secrets/make-secrets";
import { type ApiServer, startApiServer } from "./api-server";
import { namespaceOf, platformOf, releaseOf } from "./small-release";

const grantCommand = "palisade grant BUNDLE --key KEY | kubectl apply -f -";
const directory = mkdtempSync(join(tmpdir(), "palisade-restricted-"));
let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
}, 300_000);
afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

function clusterOf(kubeconfig: string): Cluster {
  const way = connection(
    { kubeconfig, context: "", cluster: "", namespace: "" },
    { given: "the kubeconfig", chooseContext: "choose a context" },
  );
  const api = connect(way, { userAgent: "palisade-test" });
  return { api, discovery: discovery(api) };
}

/** What an administrator does: the file, which is also what takes the grant away. */
async function grant(target: Target): Promise<string> {
  const file = join(directory, "grant.yaml");
  writeFileSync(file, grantText(target));
  await server.kubectl(["apply", "-f", file]);
  return file;
}

/** The account that the grant makes, as an installer; what it says is kept. */
async function restricted(place: string): Promise<{ environment: Environment; said: string[] }> {
  const token = await server.kubectl(["create", "token", "palisade-installer", "-n", platformOf(place)]);
  return installer(clusterOf(server.kubeconfigOf(token)));
}

function installer(cluster: Cluster): { environment: Environment; said: string[] } {
  const said: string[] = [];
  const nothing = () => undefined;
  const report: Report = {
    ...{
      plan: nothing,
      begins: nothing,
      done: nothing,
      failed: nothing,
      progress: nothing,
      close: nothing,
      ask: nothing,
    },
    say: text => said.push(text),
  };
  const environment: Environment = {
    ...{ cluster, report, grantCommand, holder: thisProcess() },
    ...{ agree: async () => true, confirm: async () => true, dryRun: false, timeoutS: 20, keep: 5 },
    cancelled: new AbortController().signal,
    parts: {
      preflight: async (at, release) => {
        const inputs = { cluster: at, release, minimumKubernetes: "1.30", images: { size: 0 }, registry: "" };
        return requirePassed(await permissions({ ...inputs, grantCommand }));
      },
      images: async () => "",
      secrets: (at, target, work) => makeSecrets(at, target, { environment: {} }, work),
    },
  };
  return { environment, said };
}

test("with the grant of each release, an account without any other right goes all the way", {
  timeout: 300_000,
}, async () => {
  const [first, second] = [releaseOf("narrow", "1.0.0"), releaseOf("narrow", "1.1.0")];
  const [platform, shop] = [platformOf("narrow"), namespaceOf("narrow")];
  await grant(first);
  const { environment, said } = await restricted("narrow");
  expect(await advance(environment, "install", first)).toEqual({ changed: true, text: "Release 1.0.0 runs." });
  expect((await advance(environment, "install", first)).changed).toBe(false);

  // Another release needs another grant: said before anything is changed.
  await expect(advance(environment, "upgrade", second)).rejects.toThrow(
    /PriorityClass narrow-shop \(other\)[\s\S]*palisade grant BUNDLE[\s\S]*/,
  );
  expect(await server.kubectl(["get", "configmaps", "-n", shop, "-o", "name"])).not.toContain("configmap/new");
  await grant(second);
  expect((await advance(environment, "upgrade", second)).text).toBe("Release 1.1.0 runs.");
  const settled = await server.kubectl(["get", "configmaps", "-n", shop, "-o", "name"]);
  expect(settled).toContain("configmap/new");
  expect(settled).not.toContain("configmap/old");

  // Back without an administrator: what the later grant changed is kept, and named.
  said.length = 0;
  expect((await rollback(environment, platform)).text).toBe("Release 1.0.0 runs.");
  expect(said.join("\n")).toMatch(/PriorityClass narrow-shop stays as it was granted for another release/);
  expect(await server.kubectl(["get", "configmaps", "-n", shop, "-o", "name"])).toContain("configmap/old");

  said.length = 0;
  const gone = await uninstall(environment, platform, true);
  expect(gone.text).toMatch(/^Everything of the release is gone but what was granted\./);
  expect(gone.text).toContain("palisade grant BUNDLE --key KEY > grant.yaml, then: kubectl delete -f grant.yaml");
  for (const title of ["PriorityClass narrow-shop", `Role ${shop}/reader`, `Namespace ${shop}`])
    expect(said, title).toContain(`${title} stays, as it was granted`);
  const left = ["configmaps,secrets,deployments,persistentvolumeclaims,leases,roles,rolebindings", "-o", "name"];
  const inShop = (await server.kubectl(["get", ...left, "-n", shop])).split("\n").toSorted();
  expect(inShop).toEqual([
    "role.rbac.authorization.k8s.io/palisade-installer",
    "role.rbac.authorization.k8s.io/reader",
    "rolebinding.rbac.authorization.k8s.io/palisade-installer",
    "rolebinding.rbac.authorization.k8s.io/reader",
  ]);
  const inPlatform = (await server.kubectl(["get", ...left, "-n", platform])).split("\n").toSorted();
  expect(inPlatform).toEqual([
    "role.rbac.authorization.k8s.io/palisade-installer",
    "rolebinding.rbac.authorization.k8s.io/palisade-installer",
  ]);
  // The command that was named takes the rest.
  const file = await grant(second);
  await server.kubectl(["delete", "-f", file]);
  const kinds = "namespaces,priorityclasses,clusterroles,clusterrolebindings";
  expect(await server.kubectl(["get", kinds, "-o", "name"])).not.toMatch(/narrow|palisade/);
});

test("what an earlier release had of the whole cluster is left to an administrator, by a command of its own", {
  timeout: 300_000,
}, async () => {
  const extra: KubernetesObject = {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name: "dropped-extra" },
    value: 10,
  };
  const base = releaseOf("dropped", "1.0.0");
  const first = { ...base, objects: [...base.objects, extra] };
  const second = releaseOf("dropped", "1.1.0");
  await grant(first);
  const { environment, said } = await restricted("dropped");
  await advance(environment, "install", first);
  await grant(second);
  expect((await advance(environment, "upgrade", second)).text).toBe("Release 1.1.0 runs.");
  expect(said.join("\n")).toMatch(
    /PriorityClass dropped-extra stays: .*kubectl delete priorityclass\.scheduling\.k8s\.io dropped-extra/,
  );
});

test("without a grant the first word is what an administrator applies", { timeout: 120_000 }, async () => {
  await server.kubectl(["create", "namespace", "elsewhere"]);
  const token = await server.kubectl(["create", "token", "default", "-n", "elsewhere"]);
  const { environment } = installer(clusterOf(server.kubeconfigOf(token)));
  await expect(advance(environment, "install", releaseOf("bare", "1.0.0"))).rejects.toThrow(
    /permission denied[\s\S]*An administrator applies once: palisade grant BUNDLE/,
  );
  expect(await server.kubectl(["get", "namespaces", "-o", "name"])).not.toContain("bare");
});

test("an administrator of everything installs without a grant, and an account with one goes on with it", {
  timeout: 300_000,
}, async () => {
  const target = releaseOf("wide", "1.0.0");
  const { environment } = installer(clusterOf(server.kubeconfig));
  expect((await advance(environment, "install", target)).text).toBe("Release 1.0.0 runs.");
  await grant(target);
  const narrow = await restricted("wide");
  expect((await advance(narrow.environment, "install", target)).text).toBe(
    "Release 1.0.0 runs; nothing had to be changed.",
  );
  // What the administrator's run made, the administrator's run removes.
  expect((await uninstall(environment, platformOf("wide"), true)).text).toBe("Everything of the release is gone.");
  expect(await server.kubectl(["get", "namespaces,priorityclasses", "-o", "name"])).not.toContain("wide");
});

test("a grant that knows of the release before lets what only that one has be removed; one that does not says so", {
  timeout: 300_000,
}, async () => {
  const [platform, shop, elsewhere] = [platformOf("kinds"), namespaceOf("kinds"), "kinds-second-shop"];
  const named = (kind: string, apiVersion: string, namespace: string, spec: object): KubernetesObject => ({
    ...{
      apiVersion,
      kind,
      metadata: { name: "extra", namespace, labels: { "app.kubernetes.io/managed-by": "palisade" } },
      spec,
    },
  });
  const base = releaseOf("kinds", "1.0.0");
  const extra = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: elsewhere } },
    named("NetworkPolicy", "networking.k8s.io/v1", shop, { podSelector: {} }),
    named("ResourceQuota", "v1", elsewhere, { hard: { pods: "1" } }),
  ];
  const first = { ...base, objects: [...base.objects, ...extra] };
  const second = releaseOf("kinds", "1.1.0");
  const cluster = clusterOf(server.kubeconfig);
  const blind = await earlierReleases({ kubeconfig: "/nowhere" }, second);
  expect(blind.objects).toEqual([]);
  expect(blind.note).toMatch(
    /^For release 1\.1\.0 alone: what is installed could not be read \(.*nowhere.*stays, unless .*$/,
  );
  expect(await earlierIn(cluster, platform, "1.0.0")).toEqual({
    objects: [],
    note: `For release 1.0.0; none is installed in ${platform}.`,
  });

  await grant(first);
  const { environment, said } = await restricted("kinds");
  await advance(environment, "install", first);
  const known = await earlierReleases({ kubeconfig: server.kubeconfig }, second);
  expect(known.note).toBe("For release 1.1.0, and to remove what it no longer has of 1.0.0.");
  const file = join(directory, "kinds.yaml");
  // As an administrator would who has no kubeconfig: applied in full, it takes the right to the kind away.
  writeFileSync(file, grantText(second, { earlier: blind.objects, note: blind.note }));
  await server.kubectl(["apply", "-f", file]);
  await advance(environment, "upgrade", second);
  expect(said.join("\n")).toMatch(/NetworkPolicy kinds-shop\/extra stays: this account may not delete it/);
  // The records tell of it until it is gone.
  const again = await earlierReleases({ kubeconfig: server.kubeconfig }, second);
  writeFileSync(file, grantText(second, { earlier: again.objects, note: again.note }));
  await server.kubectl(["apply", "-f", file]);
  said.length = 0;
  await advance(environment, "upgrade", second);
  expect(said.join("\n")).not.toContain("may not delete it");
  expect(await server.kubectl(["get", "networkpolicies", "-n", shop, "-o", "name"])).toBe("");
  expect(await server.kubectl(["get", "resourcequotas", "-n", elsewhere, "-o", "name"])).toBe("");

  // A namespace that is gone needs no rights, and a grant with some could not be applied.
  await server.kubectl(["delete", "namespace", elsewhere]);
  const last = await earlierReleases({ kubeconfig: server.kubeconfig }, second);
  expect(JSON.stringify(last.objects)).not.toContain(elsewhere);
  await uninstall(installer(cluster).environment, platform, true);
  await server.kubectl(["delete", "-f", file, "--ignore-not-found"]);
});

/** An installer that is killed when it is about to send what `isLast` says. */
function killedBefore({ environment }: { environment: Environment }, isLast: (path: string) => boolean): Environment {
  const { api } = environment.cluster;
  let isDead = false;
  const send: Cluster["api"]["send"] = async request => {
    isDead ||= request.method !== "GET" && isLast(request.path);
    if (isDead) throw new Error("killed");
    return api.send(request);
  };
  const mortal = { ...api, send };
  return { ...environment, cluster: { api: mortal, discovery: discovery(mortal) } };
}

test("what an installer leaves that ends before its first record is found and taken away", {
  timeout: 300_000,
}, async () => {
  const target = releaseOf("early", "1.0.0");
  const [platform, cluster] = [platformOf("early"), clusterOf(server.kubeconfig)];
  for (const kind of ["leases", "configmaps"]) {
    const dying = killedBefore(installer(cluster), path => path.includes(`/${kind}`));
    await expect(advance(dying, "install", target)).rejects.toThrow("killed");
    expect(await server.kubectl(["get", "namespaces", "-o", "name"])).toContain(`namespace/${platform}`);
    expect(await leftOvers(cluster)).toEqual([platform]);
    expect((await uninstall(installer(cluster).environment, platform, false)).text).toBe(
      "Everything of the release is gone.",
    );
    expect(await server.kubectl(["get", "namespaces", "-o", "name"])).not.toContain("early");
    expect(await leftOvers(cluster)).toEqual([]);
  }

  // Where an administrator made the namespace, it is the lease alone.
  const file = await grant(target);
  const narrow = await restricted("early");
  const dying = killedBefore(narrow, path => path.includes("/configmaps"));
  await expect(advance(dying, "install", target)).rejects.toThrow("killed");
  expect(await server.kubectl(["get", "leases", "-n", platform, "-o", "name"])).not.toBe("");
  expect((await uninstall(narrow.environment, platform, false)).text).toBe("Everything of the release is gone.");
  expect(await server.kubectl(["get", "leases", "-n", platform, "-o", "name"])).toBe("");
  await server.kubectl(["delete", "-f", file]);
});
