// Catalogue: Sanctum, a private conversation application: a backend behind the edge and an AI core only it may call.
import { defineWorkload } from "../workload/workload";

export const sanctum = defineWorkload({
  name: "sanctum",
  title: "Sanctum",
  services: {
    backend: {
      description: "API for the browser application; the only service that reaches the user database (SA-9).",
      image: { repository: "sanctum/backend", user: 1000 },
      ports: [{ name: "api", number: 8443 }],
      health: { path: "/healthz", port: "api" },
      resources: { cpuMillicores: 512, memoryMiB: 1024 },
      tmpfs: [{ path: "/tmp", sizeMiB: 64 }],
      scaling: {
        minReplicas: 2,
        maxReplicas: 10,
        targets: [
          { metric: "cpu", percent: 60 },
          { metric: "requests-per-replica", perMinute: 600 },
        ],
      },
      network: { exposure: "public" },
      environment: {
        APP_ENV: { from: "environment" },
        BUILD_SHA: { from: "build-sha" },
        PUBLIC_ORIGIN: { from: "public-origin" },
        ALLOW_ORIGINS: { from: "frontend-origin" },
        AI_CORE_URL: { endpointOf: "ai-core" },
        DATABASE_HOST: { database: "postgres", part: "host" },
        DATABASE_PORT: { database: "postgres", part: "port" },
        DATABASE_NAME: { database: "postgres", part: "name" },
        DATABASE_USER: { database: "postgres", part: "user" },
        DATABASE_SSLMODE: "verify-full",
      },
      objectives: { latencyP95Milliseconds: 800, errorPercent: 1 },
    },
    "ai-core": {
      description: "Retrieval and generation; reaches the vectors, never the user database.",
      image: { repository: "sanctum/ai-core", user: 1000 },
      ports: [{ name: "api", number: 8444 }],
      health: { path: "/healthz", port: "api", graceSeconds: 120 },
      resources: { cpuMillicores: 1024, memoryMiB: 4096 },
      tmpfs: [{ path: "/tmp", sizeMiB: 256 }],
      scaling: { minReplicas: 2, maxReplicas: 6, targets: [{ metric: "cpu", percent: 60 }] },
      network: { exposure: "internal", callers: ["backend"] },
      environment: {
        APP_ENV: { from: "environment" },
        BUILD_SHA: { from: "build-sha" },
        VECTORS_HOST: { database: "vectors", part: "host" },
        VECTORS_PORT: { database: "vectors", part: "port" },
        VECTORS_NAME: { database: "vectors", part: "name" },
        VECTORS_USER: { database: "vectors", part: "user" },
        VECTORS_SSLMODE: "verify-full",
      },
      objectives: { latencyP95Milliseconds: 8000, errorPercent: 2 },
    },
  },
  state: {
    postgres: { databaseName: "sanctum", storageGiB: 50, clients: ["backend"] },
    vectors: { databaseName: "memories", storageGiB: 100, clients: ["ai-core"], dimensions: 1024 },
  },
  secrets: {
    JWT_SIGNING_KEY: {
      description: "Signs the sessions of users.",
      source: "generated",
      length: 64,
      rotationDays: 90,
      readers: ["backend"],
    },
    SERVICE_TOKEN_KEY: {
      description: "Signs the tokens with which the backend proves itself to the AI core (SA-13).",
      source: "generated",
      length: 64,
      rotationDays: 90,
      readers: ["backend", "ai-core"],
    },
  },
  frontend: { api: "backend", hosting: "external" },
});
