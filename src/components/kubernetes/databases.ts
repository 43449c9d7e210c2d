// Kubernetes components: the databases of one workload: PostgreSQL, with pgvector for vectors, bundled or the customer's own (SA-4, SA-5, SA-6, SA-9).
// Data layout of a bundled one: the claim `data-<kind>-0` holds `pgdata`, the whole cluster of PostgreSQL; nothing else is
// kept. A backup is `pg_dump` or `pg_basebackup` over the socket in the pod, as the server's own user.
import { createHash } from "node:crypto";
import { type StoreKind, storeKinds } from "../../workload/hops";
import { certificateMount, certificatePlan, certificateVolume } from "./certificates";
import { type ClusterHome, helperImage } from "./cluster-home";
import {
  clientAuthentication,
  type DatabaseSettings,
  rolesSql,
  serverArguments,
  settingsDirectory,
  standardResources,
} from "./database-settings";
import { externalDatabaseParts, externalDatabaseSecrets } from "./external-database";
import { claimTemplate, type Helper, helperObjects, memoryVolume } from "./helper";
import { postgresPort } from "./names";
import { hopWays } from "./network-policies";
import { type KubernetesObject, labelsOf } from "./object";
import { combineParts, type WorkloadPart } from "./pod-parts";
import type { SecretPlan } from "./secret-plan";

/** Version in the platform's image `postgres`. */
const bundledVersion = "17";
/** User of PostgreSQL in Debian's packages and in the images made of them. */
const postgresUser = 999;
const dataDirectory = "/var/lib/postgresql/data";

/** @throws Error if a bundled database is to be of another version than the platform's image. */
export function databasesPart(home: ClusterHome): WorkloadPart {
  const { state } = home.workload;
  const kinds = storeKinds.filter(kind => state[kind]);
  const bundled = kinds.filter(kind => !home.external[kind]);
  return {
    // The ways to a database are hops of the specification, which each pod has by itself.
    partsFor: serviceName =>
      combineParts(
        kinds
          .filter(kind => home.external[kind] && state[kind]?.clients.includes(serviceName))
          .map(kind => externalDatabaseParts(home, kind, serviceName)),
      ),
    objects: bundled.flatMap(kind => databaseObjects(home, kind)),
    secrets: kinds.flatMap(kind =>
      home.external[kind] ? externalDatabaseSecrets(home, kind) : databaseSecrets(home, kind),
    ),
  };
}

function settingsOf({ workload, databaseResources }: ClusterHome, kind: StoreKind): DatabaseSettings {
  const specification = workload.state[kind];
  if (!specification) throw new Error(`workload \`${workload.name}\` has no \`state.${kind}\``);
  if (specification.version !== bundledVersion)
    throw new Error(
      `\`state.${kind}.version\` is ${specification.version}; the bundled PostgreSQL is ${bundledVersion}: ` +
        `ask for that, or give the stack an external database`,
    );
  return { kind, ...specification, ...(databaseResources?.[kind] ?? standardResources[kind]) };
}

/** Secret with the password of the server's own user: the image asks for one, though no line of `pg_hba.conf` takes it. */
const adminSecret = (kind: StoreKind) => `${kind}-admin`;

function databaseSecrets({ workload, namespace }: ClusterHome, kind: StoreKind): SecretPlan[] {
  return [
    certificatePlan({ workload: workload.name, part: kind, namespace, usages: ["server"] }),
    {
      name: adminSecret(kind),
      namespace,
      labels: labelsOf(workload.name, kind),
      keys: { password: { kind: "generated", length: 48 } },
    },
  ];
}

function databaseObjects(home: ClusterHome, kind: StoreKind): KubernetesObject[] {
  const { workload, namespace } = home;
  const settings = settingsOf(home, kind);
  const labels = labelsOf(workload.name, kind);
  const data = { "pg_hba.conf": clientAuthentication(settings), "roles.sql": rolesSql(settings) };
  const settingsMap = `${kind}-settings`;
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: settingsMap, namespace, labels }, data },
    ...helperObjects(home, databaseHelper(home, settings, settingsMap, digestOf(data))),
  ];
}

function databaseHelper(home: ClusterHome, settings: DatabaseSettings, settingsMap: string, digest: string): Helper {
  const { workload, storageClasses } = home;
  const { kind, databaseName, cpuMillicores, memoryMiB } = settings;
  const sharedMiB = Math.max(64, Math.floor(memoryMiB / 4));
  return {
    name: kind,
    user: postgresUser,
    claims: [
      claimTemplate("data", labelsOf(workload.name, kind), {
        storageClass: storageClasses.replica,
        sizeGiB: workload.state[kind]?.storageGiB ?? 0,
      }),
    ],
    ports: { postgres: postgresPort },
    ingress: hopWays(home, kind).ingress,
    // A fast shutdown ends sessions; what takes longer is the last checkpoint.
    stopSeconds: 120,
    podAnnotations: { "palisade.dev/settings": digest },
    volumes: [
      { name: "settings", configMap: { name: settingsMap, defaultMode: 0o444 } },
      certificateVolume(kind),
      memoryVolume("run", 1),
      memoryVolume("tmp", 16),
      // Parallel queries share memory here; a container has 64 MiB of it otherwise.
      memoryVolume("shared-memory", sharedMiB),
    ],
    containers: [
      {
        name: "postgres",
        image: helperImage(home, "postgres"),
        args: serverArguments(settings),
        environment: { PGDATA: `${dataDirectory}/pgdata`, POSTGRES_USER: "postgres", POSTGRES_DB: databaseName },
        secretEnvironment: { POSTGRES_PASSWORD: { secret: adminSecret(kind), key: "password" } },
        ports: [{ name: "postgres", number: postgresPort }],
        // What lies in memory volumes counts as its memory.
        bounds: { cpuMillicores, memoryMiB: memoryMiB + sharedMiB + 17 },
        mounts: [
          { name: "data", mountPath: dataDirectory },
          { name: "settings", mountPath: settingsDirectory, readOnly: true },
          {
            name: "settings",
            mountPath: "/docker-entrypoint-initdb.d/roles.sql",
            subPath: "roles.sql",
            readOnly: true,
          },
          certificateMount,
          { name: "run", mountPath: "/var/run/postgresql" },
          { name: "tmp", mountPath: "/tmp" },
          { name: "shared-memory", mountPath: "/dev/shm" },
        ],
        more: {
          startupProbe: { ...ready, periodSeconds: 5, failureThreshold: 120 },
          readinessProbe: { ...ready, periodSeconds: 5, failureThreshold: 3 },
          livenessProbe: { ...ready, periodSeconds: 15, failureThreshold: 4 },
          lifecycle: { postStart: { exec: { command: ["/bin/sh", "-c", grantRoles(databaseName)] } } },
        },
      },
    ],
  };
}

/** Over TCP: the server that a first start sets up the database with listens on the socket only. */
const ready = {
  exec: { command: ["pg_isready", "-q", "-h", "127.0.0.1", "-p", String(postgresPort)] },
  timeoutSeconds: 4,
};

/** The image runs the file at the first start only; clients come and go later. A failure restarts the container, and is seen. */
function grantRoles(databaseName: string): string {
  return [
    `until pg_isready -q -h 127.0.0.1 -p ${postgresPort}; do sleep 1; done`,
    `exec psql -q -v ON_ERROR_STOP=1 -U postgres -d ${databaseName} -f ${settingsDirectory}/roles.sql`,
  ].join("\n");
}

function digestOf(data: Record<string, string>): string {
  return createHash("sha256").update(JSON.stringify(data)).digest("hex");
}
