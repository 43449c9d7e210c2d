// Unit tests of render: a workload with something of everything, and a stack's answers.
import type { HostContext } from "../../../src/render/host-environment";
import { defineWorkload } from "../../../src/workload/workload";

export const sample = defineWorkload({
  name: "sample",
  title: "Sample",
  services: {
    api: {
      description: "Answers.",
      image: { repository: "sample/api", command: ["./startup.sh"], arguments: ["--motto", "100% $HOME"] },
      ports: [{ name: "api", number: 8000 }],
      health: { path: "/health", port: "api" },
      lifecycle: { checkCommand: ["--check-config"], stopTimeoutSeconds: 40 },
      resources: { cpuMillicores: 1500, memoryMiB: 4096 },
      tmpfs: [
        { path: "/tmp", sizeMiB: 64 },
        { path: "/var/cache/api", sizeMiB: 8 },
      ],
      scaling: { minReplicas: 3, maxReplicas: 3 },
      network: { exposure: "public" },
      environment: {
        PORT: "8000",
        PRICE: "$5",
        APP_ENV: { from: "environment" },
        SITE: { from: "region" },
        WORKER: { endpointOf: "worker" },
        DATABASE_HOST: { database: "postgres", part: "host" },
        DATABASE_USER: { database: "postgres", part: "user" },
      },
    },
    worker: {
      description: "Works.",
      image: { repository: "sample/worker", command: ["/usr/bin/python3"], arguments: ["-m", "worker"] },
      ports: [{ name: "rpc", number: 9000 }],
      health: { path: "/health", port: "rpc" },
      resources: { cpuMillicores: 500, memoryMiB: 512 },
      scaling: { minReplicas: 1, maxReplicas: 4 },
      network: { exposure: "internal", callers: ["api"] },
    },
    poller: {
      description: "Polls.",
      image: { repository: "sample/poller", command: ["poll"] },
      resources: { cpuMillicores: 500, memoryMiB: 512 },
      scaling: { minReplicas: 1, maxReplicas: 1 },
      network: { exposure: "none", egress: ["api.example.org"] },
    },
    loner: {
      description: "Keeps to itself.",
      image: { repository: "sample/loner", command: ["loner"] },
      resources: { cpuMillicores: 500, memoryMiB: 512 },
      scaling: { minReplicas: 1, maxReplicas: 1 },
      network: { exposure: "none" },
    },
  },
  state: {
    postgres: { databaseName: "sample", storageGiB: 20, clients: ["api"] },
    volumes: {
      logs: { sizeGiB: 10, sharing: "replicas", mounts: [{ service: "api", path: "/app/logs" }] },
      vault: { sizeGiB: 10, sharing: "replicas", mounts: [{ service: "api", path: "/app/vault", readOnly: true }] },
    },
  },
  secrets: { SECRET_KEY: { description: "Signs {sessions}.", source: "generated", readers: ["api"] } },
});

export const context: Omit<HostContext, "hostOf"> = {
  environment: "prod",
  buildSha: "0".repeat(40),
  publicOrigin: "https://sample.example.com",
};

export const images = Object.fromEntries(
  Object.keys(sample.services).map(name => [name, `sha256:${"a".repeat(64)}`] as const),
);
