// IS-4, RT-9: volume claims and an upgrade that gives them another size, on a real API server: smaller is refused before anything is changed,
// larger grows what stands, and a way back leaves it so.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubernetesObject } from "../../src/components/kubernetes/object";
import { connect } from "../../src/kubernetes/client";
import { discovery } from "../../src/kubernetes/discovery";
import { connection } from "../../src/kubernetes/kubeconfig";
import type { Cluster } from "../../src/kubernetes/objects";
import type { Environment } from "../../src/onprem/install/environment";
import { thisProcess } from "../../src/onprem/install/holder";
import type { Target } from "../../src/onprem/install/parts";
import { advance, rollback } from "../../src/onprem/install/transition";
import { requirePassed } from "../../src/onprem/preflight/preflight";
import { volumes } from "../../src/onprem/preflight/volumes";
import { makeSecrets } from "../../src/onprem/secrets/make-secrets";
import { type ApiServer, startApiServer } from "./api-server";
import { namespaceOf, platformOf, releaseOf } from "./small-release";

const [platform, shop] = [platformOf("sized"), namespaceOf("sized")];
let server: ApiServer;
let cluster: Cluster;

const storageClass = (name: string, allowVolumeExpansion: boolean) => ({
  ...{ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name } },
  ...{ provisioner: "test.invalid/none", allowVolumeExpansion },
});

beforeAll(async () => {
  server = await startApiServer();
  const way = connection(
    { kubeconfig: server.kubeconfig, context: "", cluster: "", namespace: "" },
    { given: "the kubeconfig", chooseContext: "choose a context" },
  );
  const api = connect(way, { userAgent: "palisade-test" });
  cluster = { api, discovery: discovery(api) };
  await server.kubectl(["apply", "-f", "-"], storageClass("grows", true));
  await server.kubectl(["apply", "-f", "-"], storageClass("stays", false));
}, 300_000);
afterAll(() => server?.stop());

const claimSpec = (gib: number, storageClassName: string) => ({
  accessModes: ["ReadWriteOnce"],
  storageClassName,
  resources: { requests: { storage: `${gib}Gi` } },
});

/** The small release with a shared volume, and a database whose volume its StatefulSet makes. */
function sized(version: string, gib: number, name = "grows"): Target {
  const base = releaseOf("sized", version);
  const metadata = (of: string) => ({
    name: of,
    namespace: shop,
    labels: { "app.kubernetes.io/managed-by": "palisade" },
  });
  const labels = { app: "db" };
  const database: KubernetesObject = {
    ...{ apiVersion: "apps/v1", kind: "StatefulSet", metadata: metadata("db") },
    spec: {
      ...{ replicas: 0, serviceName: "db", selector: { matchLabels: labels } },
      template: { metadata: { labels }, spec: { containers: [{ name: "db", image: "registry.test/db:1" }] } },
      volumeClaimTemplates: [{ metadata: { name: "files" }, spec: claimSpec(gib, name) }],
    },
  };
  const others = base.objects.filter(({ kind }) => kind !== "PersistentVolumeClaim");
  const shared = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: metadata("data"),
    spec: claimSpec(gib, name),
  };
  return { ...base, objects: [...others, shared, database] };
}

function environmentWith(said: string[]): Environment {
  const nothing = () => undefined;
  return {
    ...{ cluster, grantCommand: "palisade grant", holder: thisProcess(), cancelled: new AbortController().signal },
    ...{ agree: async () => true, confirm: async () => true, dryRun: false, timeoutS: 20, keep: 5 },
    report: {
      ...{ plan: nothing, begins: nothing, done: nothing, failed: nothing, progress: nothing, close: nothing },
      ask: nothing,
      say: text => said.push(text),
    },
    parts: {
      preflight: async (at, release) => {
        const about = { minimumKubernetes: "1.30", images: { size: 0 }, registry: "", grantCommand: "" };
        return requirePassed(await volumes({ cluster: at, release, ...about }));
      },
      images: async () => "",
      secrets: (at, target, work) => makeSecrets(at, target, { environment: {} }, work),
    },
  };
}

async function sizes(): Promise<Record<string, string>> {
  const { items } = JSON.parse(await server.kubectl(["get", "persistentvolumeclaims", "-n", shop, "-o", "json"])) as {
    items: { metadata: { name: string }; spec: { resources: { requests: { storage: string } } } }[];
  };
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec.resources.requests.storage]));
}

test("smaller is refused, larger grows, and a way back keeps what has grown", { timeout: 300_000 }, async () => {
  const said: string[] = [];
  const here = environmentWith(said);
  await advance(here, "install", sized("1.0.0", 4));
  // What its controller would make for a pod, and what a provisioner would then say of both.
  const made = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "files-db-0", namespace: shop },
    spec: claimSpec(4, "grows"),
  };
  await server.kubectl(["create", "-f", "-"], made);
  const other = { ...made, metadata: { name: "files-dbx-0", namespace: shop } };
  await server.kubectl(["create", "-f", "-"], other);
  for (const name of ["data", "files-db-0"])
    await server.writeStatus("persistentvolumeclaim", name, { phase: "Bound", capacity: { storage: "4Gi" } }, shop);

  const smaller = advance(here, "upgrade", sized("1.1.0", 2));
  await expect(smaller).rejects.toThrow(
    /nothing was changed[\s\S]*db of sized-shop: claim files-db-0 has 4 GiB, and the release gives it 2 GiB; needed: 4 GiB or more: Kubernetes cannot shrink a claim[\s\S]*storageGiB[\s\S]*kubectl get persistentvolumeclaim files-db-0 -n sized-shop/,
  );
  await expect(smaller).rejects.toThrow(/data of sized-shop: claim data has 4 GiB, and the release gives it 2 GiB/);
  await expect(advance(here, "upgrade", sized("1.1.0", 4, "stays"))).rejects.toThrow(
    /claim files-db-0 is of storage class `grows`, and the release wants `stays`/,
  );
  expect(await server.kubectl(["get", "configmaps", "-n", shop, "-o", "name"])).not.toContain("configmap/new");
  expect(await server.kubectl(["get", "configmaps", "-n", platform, "-o", "name"])).not.toContain("palisade-release-2");

  expect((await advance(here, "upgrade", sized("1.1.0", 8))).text).toBe("Release 1.1.0 runs.");
  expect(await sizes()).toEqual({ data: "8Gi", "files-db-0": "8Gi", "files-dbx-0": "4Gi" });
  expect(said).toContain("PersistentVolumeClaim sized-shop/files-db-0: grows from 4Gi to 8Gi");
  expect((await advance(here, "upgrade", sized("1.1.0", 8))).changed).toBe(false);

  said.length = 0;
  expect((await rollback(here, platform)).text).toBe("Release 1.0.0 runs.");
  expect(await sizes()).toEqual({ data: "8Gi", "files-db-0": "8Gi", "files-dbx-0": "4Gi" });
  expect(said).toContain("PersistentVolumeClaim sized-shop/data keeps 8Gi: a claim never shrinks");
});

test("where the class does not let it grow, that is said before anything is changed", {
  timeout: 120_000,
}, async () => {
  await server.kubectl(["patch", "storageclass", "grows", "--patch", '{"allowVolumeExpansion":false}']);
  await expect(advance(environmentWith([]), "upgrade", sized("1.2.0", 16))).rejects.toThrow(
    /has 8 GiB, and the release gives it 16 GiB; storage class `grows` does not let it grow[\s\S]*kubectl edit storageclass grows/,
  );
  expect((await sizes()).data).toBe("8Gi");
});
