// Unit tests of config: a sound production stack to spoil, and a catalogue with what Sanctum does not have.
import { sanctum } from "../../../src/catalog/sanctum";
import { parseConfig } from "../../../src/config/parse";
import type { Context } from "../../../src/config/rule";
import { Sealed } from "../../../src/config/sealed";
import { defineWorkload, type Workload } from "../../../src/workload/workload";

/** Calls a host outside, takes a supplied secret, keeps nothing, has no frontend, and asks for one replica. */
const relay = defineWorkload({
  name: "relay",
  title: "Relay",
  services: {
    poller: {
      description: "Polls.",
      image: { repository: "relay/poller" },
      resources: { cpuMillicores: 500, memoryMiB: 512 },
      scaling: { minReplicas: 1, maxReplicas: 2 },
      network: { exposure: "none", egress: ["api.telegram.org"] },
      environment: { LOG_LEVEL: "info", DEPLOYED_TO: { from: "environment" } },
    },
  },
  secrets: {
    BOT_TOKEN: { description: "Token of the bot.", source: "supplied", readers: ["poller"] },
    SALT: { description: "Salt.", source: "generated", readers: ["poller"] },
  },
});

/** Has tenants, takes calls over TLS 1.3 only, and declares what its log holds. */
const notary = defineWorkload({
  name: "notary",
  title: "Notary",
  services: {
    api: {
      description: "Attests.",
      image: { repository: "notary/api" },
      ports: [{ name: "api", number: 8443 }],
      health: { path: "/healthz", port: "api" },
      resources: { cpuMillicores: 500, memoryMiB: 512 },
      scaling: { minReplicas: 2, maxReplicas: 2 },
      network: { exposure: "public", minimumTls: "1.3" },
      logs: [{ kind: "compliance", fields: { run_id: "digest" } }],
    },
  },
  tenancy: { claim: "tenant_id", requestsPerMinute: 60 },
});

export const catalog: ReadonlyMap<string, Workload> = new Map([
  ["sanctum", sanctum],
  ["relay", relay],
  ["notary", notary],
]);

export const digest = `sha256:${"ab".repeat(32)}`;

export const sealed = (value: string) => new Sealed(value);

/** Production, without a fault; a new copy each time. */
export function prod() {
  return {
    mode: "saas",
    environment: "prod",
    region: "eu-central-1",
    compute: "fargate",
    network: {
      cidr: "10.30.0.0/16",
      zones: [
        { name: "eu-central-1a", public: "10.30.0.0/24", private: "10.30.16.0/20", data: "10.30.4.0/24" },
        { name: "eu-central-1b", public: "10.30.1.0/24", private: "10.30.32.0/20", data: "10.30.5.0/24" },
      ],
      egress: "nat-per-zone",
      peers: [{ name: "office", cidr: "192.168.0.0/24" }],
    },
    retention: { logDays: 90, objectLockDays: 90, backupDays: 14, keyDeletionDays: 30, secretRecoveryDays: 7 },
    alarms: { emails: ["oncall@example.com"], pagerDuty: sealed("https://events.pagerduty.com/integration/abc") },
    siem: { url: "https://siem.example.com/collector", accessKey: sealed("collector-access-key") },
    edge: { domain: "app.example.com", hostedZoneId: "Z0123456789ABCDEFGHIJ", accessLogDays: 90 },
    release: { buildSha: "0".repeat(40) },
    accountBaseline: { cloudTrail: true, config: false, guardDuty: true, securityHub: false },
    platformImages: { "egress-proxy": digest },
    workloads: {
      sanctum: { images: { backend: digest, "ai-core": digest }, frontendOrigin: "https://www.example.com" },
      relay: { images: { poller: digest } },
    },
    secrets: { relay: { BOT_TOKEN: sealed("bot-token-of-the-relay") } },
  };
}

/** The same on a customer's cluster. */
export function onprem() {
  return {
    mode: "onprem",
    environment: "prod",
    delivery: "cluster",
    cluster: {
      registry: "registry.example.com:5000",
      storageClasses: { replica: "block", replicas: "shared" },
      ranges: { pods: ["10.42.0.0/16"], services: ["10.43.0.0/16"], nodes: ["10.40.0.0/24"] },
      apiServer: { ranges: ["10.40.0.0/28"] },
    },
    edge: { domain: "apps.example.com" },
    retention: { logDays: 90 },
    release: { buildSha: "0".repeat(40) },
    platformImages: {
      "egress-proxy": digest,
      collector: digest,
      "workload-guard": digest,
      "approval-gate": digest,
      postgres: digest,
      "object-store": digest,
      queue: digest,
      "tls-front": digest,
    },
    workloads: {
      sanctum: { images: { backend: digest, "ai-core": digest }, frontendOrigin: "https://www.example.com" },
      relay: { images: { poller: digest } },
    },
    secrets: { relay: { BOT_TOKEN: sealed("bot-token-of-the-relay") } },
  };
}

type Step = string | number;

/** A copy with one place set, or with `undefined` removed. */
export function spoil(values: unknown, [step, ...rest]: readonly Step[], value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(values)) return values.map((child, i) => (i === step ? spoil(child, rest, value) : child));
  const entries = new Map<string, unknown>(Object.entries(values ?? {}));
  const child = spoil(entries.get(String(step)), rest, value);
  if (child === undefined) entries.delete(String(step));
  else entries.set(String(step), child);
  return Object.fromEntries(entries);
}

export function parse(values: unknown, context: Partial<Context> = {}) {
  const raw = new Map(
    Object.entries(values ?? {}).map(([key, value]): [string, unknown] => [`palisade:${key}`, value]),
  );
  return parseConfig(raw, { catalog, preview: true, ...context });
}

/** Paths of the faults, or none. */
export function faultsOf(values: unknown, context: Partial<Context> = {}) {
  const parsed = parse(values, context);
  return parsed.ok ? [] : parsed.faults;
}
