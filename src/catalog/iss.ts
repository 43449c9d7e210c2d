// Catalogue: ISS Module v2, a forensic inventory service: three replicas over three shared directories of append-only records.
import { defineWorkload } from "../workload/workload";

export const iss = defineWorkload({
  name: "iss",
  title: "ISS Module v2",
  services: {
    api: {
      description: "Forensic time, SPICE descriptors and audit trails (IS-1, IS-2).",
      // The start script, in the image and on a host alike (IS-10).
      image: { repository: "iss/module", user: 1000, command: ["./startup.sh"] },
      ports: [{ name: "api", number: 8000 }],
      health: { path: "/health", port: "api" },
      // IS-8
      resources: { cpuMillicores: 1000, memoryMiB: 4096, floor: { memoryMiB: 2048 } },
      tmpfs: [{ path: "/tmp", sizeMiB: 64 }],
      // IS-4
      scaling: { minReplicas: 3, maxReplicas: 3 },
      // IS-5
      network: { exposure: "public" },
      environment: {
        PORT: "8000",
        NODE_ID: "ISS_MODULE_V2",
        STORAGE_PATH: "/app/forensic_logs",
        SPICE_STORAGE_PATH: "/app/spice_layer",
        MATRIX_ROOT: "/app/memory_matrix",
        API_TITLE: "ISS Module v2 - Inventory Service System",
        API_DESCRIPTION: "Forensic-grade inventory management with SPICE Descriptor Layer",
        API_VERSION: "2.0.0",
        // The stack's `frontendOrigin`; `*` is refused outside dev (IS-5).
        ALLOW_ORIGINS: { from: "frontend-origin" },
      },
      // IS-6
      logs: [
        { kind: "application" },
        { kind: "audit", file: "/app/forensic_logs/forensic_audit.log" },
        { kind: "compliance", file: "/app/spice_layer/constitutional_binding.jsonl" },
      ],
    },
  },
  state: {
    // IS-3; each replica sees the same files (IS-4).
    volumes: {
      "forensic-logs": { sizeGiB: 10, sharing: "replicas", mounts: [{ service: "api", path: "/app/forensic_logs" }] },
      "spice-layer": { sizeGiB: 10, sharing: "replicas", mounts: [{ service: "api", path: "/app/spice_layer" }] },
      // The vaults. No service writes them (IS-9).
      "memory-matrix": {
        sizeGiB: 10,
        sharing: "replicas",
        mounts: [{ service: "api", path: "/app/memory_matrix", readOnly: true }],
      },
    },
  },
  secrets: {
    SECRET_KEY: {
      description: "Signs what the service hands out (IS-5).",
      source: "generated",
      length: 64,
      readers: ["api"],
    },
  },
});
