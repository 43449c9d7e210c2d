// Databases in a cluster: who may connect is decided by certificates, in files that are made from the specification (SA-4, SA-5, SA-6, SA-9).
import { expect, test } from "vitest";
import { clientAuthentication, rolesSql, serverArguments } from "../../../src/components/kubernetes/database-settings";
import { at, listAt } from "../../../src/components/kubernetes/fields";
import { workloadObjects } from "../../../src/components/kubernetes/workload-objects";
import { systemHome } from "./helper-homes";
import { containersOf, objectOf } from "./samples";

const settings = {
  kind: "vectors",
  databaseName: "memories",
  clients: ["ai-core", "indexer"],
  cpuMillicores: 4000,
  memoryMiB: 4096,
} as const;

test("each client connects over TLS by its certificate, as the user of its name, and nobody by anything else", () => {
  expect(clientAuthentication(settings).split("\n")).toEqual([
    "# type database user address method",
    "local all postgres peer",
    'hostssl "memories" "ai-core" all cert',
    'hostssl "memories" "indexer" all cert',
    "host all all all reject",
    "",
  ]);
});

test("no setting turns TLS off, and no statement's values reach a log", () => {
  const text = serverArguments(settings);
  expect(text).toEqual(
    expect.arrayContaining(["ssl=on", "ssl_min_protocol_version=TLSv1.2", "log_parameter_max_length=0"]),
  );
  expect(text).toEqual(expect.arrayContaining(["maintenance_work_mem=1024MB", "max_parallel_maintenance_workers=2"]));
});

test("whoever is no client any more loses the way in; vectors have their extension", () => {
  const sql = rolesSql(settings);
  expect(sql).toContain("rolname not in ('ai-core', 'indexer')");
  expect(sql).toContain("create extension if not exists vector;");
  expect(rolesSql({ ...settings, kind: "postgres" })).not.toContain("extension");
});

test("the backend alone reaches its database, and the AI core alone its vectors", () => {
  const { objects } = workloadObjects(systemHome("sanctum"));
  const callers = (name: string) =>
    listAt(objectOf(objects, "NetworkPolicy", name), "spec", "ingress").flatMap(rule =>
      listAt(rule, "from").map(peer => at(peer, "podSelector", "matchLabels", "app.kubernetes.io/name")),
    );
  expect(callers("postgres")).toEqual(["backend"]);
  expect(callers("vectors")).toEqual(["ai-core"]);
});

test("another client replaces the server's pod, so that its files are read", () => {
  const annotations = (name: string) => {
    const home = systemHome("sanctum");
    const postgres = home.workload.state.postgres;
    if (!postgres) throw new Error("sanctum has no database");
    const state = { ...home.workload.state, postgres: { ...postgres, clients: ["backend", name] } };
    const { objects } = workloadObjects({ ...home, workload: { ...home.workload, state } });
    return at(objectOf(objects, "StatefulSet", "postgres"), "spec", "template", "metadata", "annotations");
  };
  expect(annotations("ai-core")).not.toEqual(annotations("backend"));
});

test("an external database has no pod here; its clients get its password, its authority and the way there", () => {
  const external = { postgres: { host: "db.example.com", ranges: ["198.51.100.7/32"] } };
  const { objects, secrets } = workloadObjects(systemHome("sanctum", { external }));
  expect(objects.filter(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "postgres")).toEqual([]);
  const [container] = containersOf(at(objectOf(objects, "Deployment", "backend"), "spec", "template", "spec"));
  expect(listAt(container, "env")).toEqual(
    expect.arrayContaining([
      { name: "POSTGRES_CA_FILE", value: "/run/palisade/postgres/ca.crt" },
      {
        name: "POSTGRES_PASSWORD",
        valueFrom: { secretKeyRef: { name: "postgres-client-backend", key: "password" } },
      },
    ]),
  );
  expect(secrets.find(({ name }) => name === "postgres-client-backend")?.keys.password).toMatchObject({
    kind: "supplied",
    variable: "POSTGRES_PASSWORD",
  });
  expect(JSON.stringify(objectOf(objects, "NetworkPolicy", "backend"))).toContain("198.51.100.7/32");
});

test("a version that the bundled one is not is refused by name", () => {
  const home = systemHome("sanctum");
  const { vectors } = home.workload.state;
  if (!vectors) throw new Error("sanctum has no vectors");
  const state = { ...home.workload.state, vectors: { ...vectors, version: "16" as const } };
  expect(() => workloadObjects({ ...home, workload: { ...home.workload, state } })).toThrow(
    /`state.vectors.version` is 16; the bundled PostgreSQL is 17/,
  );
});
