import { describe, expect, test } from "vitest";
import { contentPipeline } from "../../../src/catalog/content-pipeline";
import { iss } from "../../../src/catalog/iss";
import type { Context } from "../../../src/config/rule";
import { rules } from "../../../src/config/rules";
import type { Service } from "../../../src/workload/workload";
import { machineWorkload } from "../components/machine-samples";
import { catalog, digest, faultsOf, onprem, parse, prod, sealed, spoil } from "./sample";

interface Case {
  /** What is spoilt; a sound stack on AWS unless told. */
  readonly of?: () => unknown;
  readonly set?: readonly [place: string, value: unknown][];
  readonly context?: Partial<Context>;
  /** Where the fault is; absent where there is none. */
  readonly at?: string;
}

/** A place such as `network.zones.0.name`; numbers are positions. */
function apply({ set = [], of = prod }: Case): unknown {
  return set.reduce<unknown>(
    (values, [place, value]) =>
      spoil(
        values,
        place.split(".").map(step => (/^\d+$/.test(step) ? Number(step) : step)),
        value,
      ),
    of(),
  );
}

const backend = (override: unknown): [string, unknown] => ["workloads.sanctum.services", { backend: override }];
const poller = (override: unknown): [string, unknown] => ["workloads.relay.services", { poller: override }];
const inDev: [string, unknown] = ["environment", "dev"];
/** Carried in as one file, which holds no secret. */
const inBundle: [string, unknown][] = [
  ["delivery", "bundle"],
  ["secrets", {}],
];
const inStaging: [string, unknown] = ["environment", "staging"];
const sanctumAt = "palisade:workloads.sanctum";
const variableAt = `${sanctumAt}.services.backend.environment`;

const publishedElsewhere: [string, unknown][] = [
  ["workloads.sanctum.frontendTarget", "cname.example"],
  ["workloads.sanctum.frontendOrigin", "https://www.app.example.com"],
];
const builtOnTheSpot: [string, unknown][] = [
  ["workloads.relay.images", {}],
  ["workloads.relay.builds", { poller: { context: "../relay" } }],
];
const certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/00000000-0000-0000-0000-000000000000";
const catalogWithIss = new Map([...catalog, ["iss", iss]]);
const loader = { roleArn: "arn:aws:iam::123456789012:role/vault-loader", securityGroupId: "sg-0123456789abcdef0" };
/** A workload with volumes, log files and a floor of memory, beside the others. */
function withIss(more: Record<string, unknown> = {}): [string, unknown][] {
  return [["workloads.iss", { images: { api: digest }, frontendOrigin: "https://iss.example.com", ...more }]];
}
/** Beside the egress proxy, which the relay needs. */
const shipper: [string, unknown] = ["platformImages.log-shipper", digest];
const notary = (tenants: unknown): [string, unknown] => ["workloads.notary", { images: { api: digest }, tenants }];
const tenantsAt = "palisade:workloads.notary.tenants";
const releaseRoleArn = "arn:aws:iam::123456789012:role/release";
/** With a cluster of EKS. */
function onEks(more: Record<string, unknown> = {}): [string, unknown][] {
  return [
    ["compute", "eks"],
    ["eks", { releaseRoleArn, ...more }],
  ];
}
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, {}]));
/** The catalogue, with the relay traced. */
function traced(): Context["catalog"] {
  const relay = catalog.get("relay");
  if (!relay?.services.poller) throw new Error("the sample has no relay");
  const poller = { ...relay.services.poller, tracing: { attributes: [], alwaysKeep: {} } };
  return new Map([...catalog, ["relay", { ...relay, services: { poller } }]]);
}
/** A stack whose only workload is a machine. */
const machine = (override: unknown): Case => ({
  set: [
    ["workloads", { sample: { images: { bot: digest }, services: { bot: override } } }],
    ["secrets", {}],
  ],
  context: { catalog: new Map([["sample", machineWorkload()]]) },
});
/** The catalogue, but for what the relay may call. */
function relayCalls(...egress: Service["network"]["egress"]): Partial<Context> {
  const relay = catalog.get("relay");
  const service = relay?.services.poller;
  if (!relay || !service) throw new Error("the sample has no relay");
  const calling = { ...service, network: { ...service.network, egress } };
  return { catalog: new Map(catalog).set("relay", { ...relay, services: { poller: calling } }) };
}

const external = {
  host: "postgres.example.com",
  ranges: ["10.60.0.0/28"],
  certificateAuthority: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
};
const collector = (url: string) => ({ url, ranges: ["10.70.0.0/28"] });
/** A cluster with a workload whose work waits for a person. */
function withApprovals(approvers: unknown): Case {
  return {
    of: onprem,
    set: [["workloads.content-pipeline", { images: { editorbot: digest, renderer: digest }, approvers }]],
    context: { catalog: new Map([...catalog, ["content-pipeline", contentPipeline]]) },
  };
}

/** Per rule: what it refuses, and the nearest things it accepts. */
const cases: Record<string, { bad: Case[]; good: Case[] }> = {
  "vpc-size": {
    bad: [{ set: [["network.cidr", "10.0.0.0/8"]], at: "palisade:network.cidr" }],
    good: [{ set: [["network.cidr", "10.30.0.0/18"]] }],
  },
  "subnet-size": {
    bad: [
      { set: [["network.zones.0.data", "10.30.4.0/29"]], at: "palisade:network.zones[0].data" },
      { set: [["network.zones.0.private", "10.30.64.0/19"]], at: "palisade:network.zones[0].private" },
    ],
    good: [{ set: [["network.zones.0.data", "10.30.4.0/28"]] }],
  },
  "private-range": {
    bad: [{ set: [["network.peers.0.cidr", "8.8.8.0/24"]], at: "palisade:network.peers[0].cidr" }],
    good: [{ set: [["network.peers.0.cidr", "172.16.0.0/12"]] }],
  },
  "subnet-in-vpc": {
    bad: [{ set: [["network.zones.1.public", "10.31.1.0/24"]], at: "palisade:network.zones[1].public" }],
    good: [{ set: [["network.zones.1.public", "10.30.255.0/24"]] }],
  },
  "subnet-overlap": {
    bad: [{ set: [["network.zones.1.public", "10.30.16.0/24"]], at: "palisade:network.zones[1].public" }],
    good: [{ set: [["network.zones.1.public", "10.30.2.0/23"]] }],
  },
  "peer-overlap": {
    bad: [
      { set: [["network.peers.0.cidr", "10.30.128.0/24"]], at: "palisade:network.peers[0].cidr" },
      { set: [["network.peers.0.cidr", "10.0.0.0/8"]], at: "palisade:network.peers[0].cidr" },
      {
        set: [
          [
            "network.peers",
            [
              { name: "a", cidr: "192.168.0.0/16" },
              { name: "b", cidr: "192.168.7.0/24" },
            ],
          ],
        ],
        at: "palisade:network.peers[1].cidr",
      },
    ],
    good: [{ set: [["network.peers.0.cidr", "10.31.0.0/16"]] }],
  },
  "zone-of-region": {
    bad: [{ set: [["network.zones.1.name", "eu-central-1d"]], at: "palisade:network.zones[1].name" }],
    good: [{ set: [["network.zones.1.name", "eu-central-1c"]] }],
  },
  "zone-once": {
    bad: [{ set: [["network.zones.1.name", "eu-central-1a"]], at: "palisade:network.zones[1].name" }],
    good: [{}],
  },
  "single-nat": {
    bad: [{ set: [["network.egress", "single-nat"]], at: "palisade:network.egress" }],
    good: [{ set: [["network.egress", "single-nat"], inStaging] }],
  },
  "single-az-database": {
    bad: [
      { set: [["database", { multiAz: false }]], at: "palisade:database.multiAz" },
      { set: [["workloads.sanctum.vectors", { multiAz: false }]], at: `${sanctumAt}.vectors.multiAz` },
    ],
    good: [{ set: [["database", { multiAz: false }], inDev] }, { set: [["database", { multiAz: true }]] }],
  },
  "deletion-protection": {
    bad: [
      { set: [["database", { deletionProtection: false }]], at: "palisade:database.deletionProtection" },
      {
        set: [["workloads.sanctum.postgres", { deletionProtection: false }]],
        at: `${sanctumAt}.postgres.deletionProtection`,
      },
    ],
    good: [{ set: [["database", { deletionProtection: false }], inDev] }],
  },
  "final-snapshot": {
    bad: [{ set: [["database", { finalSnapshot: false }]], at: "palisade:database.finalSnapshot" }],
    good: [{ set: [["database", { finalSnapshot: false }], inDev] }],
  },
  "local-aws": {
    bad: [
      { set: [["localAws", { endpoint: "http://localhost:4600" }]], at: "palisade:localAws" },
      { set: [["localAws", { endpoint: "http://localhost:4600" }], inStaging], at: "palisade:localAws" },
    ],
    good: [{ set: [["localAws", { endpoint: "http://localhost:4600" }], inDev] }],
  },
  "open-origin": {
    bad: ["http://www.example.com", "*", "https://localhost:3000", "https://127.0.0.1", "http://localhost:3000"].map(
      origin => ({ set: [["workloads.sanctum.frontendOrigin", origin]], at: `${sanctumAt}.frontendOrigin` }),
    ),
    good: [
      { set: [["workloads.sanctum.frontendOrigin", "https://localhost.example.com"]] },
      { set: [["workloads.sanctum.frontendOrigin", "http://localhost:3000"], inDev] },
    ],
  },
  "logDays-floor": {
    bad: [
      { set: [["retention.logDays", 60]], at: "palisade:retention.logDays" },
      { set: [["retention.logDays", 7], inStaging], at: "palisade:retention.logDays" },
    ],
    good: [{ set: [["retention.logDays", 14], inStaging] }, { set: [["retention.logDays", 1], inDev] }],
  },
  "objectLockDays-floor": {
    bad: [{ set: [["retention.objectLockDays", 89]], at: "palisade:retention.objectLockDays" }],
    good: [{ set: [["retention.objectLockDays", 14], inStaging] }],
  },
  "complianceDays-floor": {
    bad: [
      { set: [["retention.complianceDays", 183]], at: "palisade:retention.complianceDays" },
      { set: [["retention.complianceDays", 183], inStaging], at: "palisade:retention.complianceDays" },
    ],
    good: [{ set: [["retention.complianceDays", 1], inDev] }, { set: [["retention.complianceDays", 184]] }],
  },
  "accessLogDays-floor": {
    bad: [{ set: [["edge.accessLogDays", 89]], at: "palisade:edge.accessLogDays" }],
    good: [{ set: [["edge.accessLogDays", 14], inStaging] }],
  },
  "backupDays-floor": {
    bad: [{ set: [["retention.backupDays", 13]], at: "palisade:retention.backupDays" }],
    good: [{ set: [["retention.backupDays", 7], inStaging] }],
  },
  "keyDeletionDays-floor": {
    bad: [{ set: [["retention.keyDeletionDays", 29]], at: "palisade:retention.keyDeletionDays" }],
    good: [{ set: [["retention.keyDeletionDays", 7], inStaging] }],
  },
  "secretRecoveryDays-floor": {
    bad: [
      { set: [["retention.secretRecoveryDays", 0]], at: "palisade:retention.secretRecoveryDays" },
      { set: [["retention.secretRecoveryDays", 0], inStaging], at: "palisade:retention.secretRecoveryDays" },
    ],
    good: [{ set: [["retention.secretRecoveryDays", 0], inDev] }],
  },
  "environment-of-stack": {
    bad: [{ set: [inDev], context: { stack: "prod" }, at: "palisade:environment" }],
    good: [
      { set: [inDev], context: { stack: "dev" } },
      { set: [inDev], context: { stack: "feature-7" } },
    ],
  },
  "alarm-recipient": {
    bad: [{ set: [["alarms", { emails: [] }]], at: "palisade:alarms" }],
    good: [
      { set: [["alarms", { pagerDuty: sealed("https://events.pagerduty.com/x") }]] },
      { set: [["alarms", { emails: [] }], inStaging] },
    ],
  },
  "certificate-source": {
    bad: [
      { set: [["edge.hostedZoneId", undefined]], at: "palisade:edge" },
      { set: [["edge.hostedZoneId", undefined], inStaging], at: "palisade:edge" },
    ],
    good: [{ set: [["edge.hostedZoneId", undefined], inDev] }],
  },
  "arn-of-region": {
    bad: [
      {
        set: [["edge.certificateArn", `arn:aws:acm:us-east-1:123456789012:certificate/${"0".repeat(36)}`]],
        at: "palisade:edge.certificateArn",
      },
      {
        set: [["serviceCa.arn", `arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/${"0".repeat(36)}`]],
        at: "palisade:serviceCa.arn",
      },
    ],
    good: [{ set: [["edge.certificateArn", `arn:aws:acm:eu-central-1:123456789012:certificate/${"0".repeat(36)}`]] }],
  },
  "local-aws-update": {
    bad: [{ context: { localAws: "http://127.0.0.1:4600", preview: false }, at: "PALISADE_LOCAL_AWS" }],
    good: [{ context: { localAws: "http://127.0.0.1:4600", preview: true } }, { context: { preview: false } }],
  },
  "known-workload": {
    bad: [{ set: [["workloads.sanktum", { images: { a: digest } }]], at: "palisade:workloads.sanktum" }],
    good: [{ set: [["workloads.sanctum", undefined]] }],
  },
  "some-workload": {
    bad: [
      {
        set: [
          ["workloads", {}],
          ["secrets", {}],
        ],
        at: "palisade:workloads",
      },
    ],
    good: [{}],
  },
  "known-service": {
    bad: [
      { set: [["workloads.sanctum.images.frontend", digest]], at: `${sanctumAt}.images.frontend` },
      { set: [["workloads.sanctum.services", { "ai-cor": {} }]], at: `${sanctumAt}.services.ai-cor` },
    ],
    good: [{ set: [["workloads.sanctum.services", { "ai-core": {} }]] }],
  },
  "image-per-service": {
    bad: [{ set: [["workloads.sanctum.images.ai-core", undefined]], at: `${sanctumAt}.images.ai-core` }],
    good: [{}],
  },
  "image-or-build": {
    bad: [
      {
        set: [inDev, ["workloads.relay.builds", { poller: { context: "." } }]],
        at: "palisade:workloads.relay.builds.poller",
      },
    ],
    good: [{ set: [inDev, ...builtOnTheSpot] }],
  },
  "build-in-dev": {
    bad: [{ set: builtOnTheSpot, at: "palisade:workloads.relay.builds.poller" }],
    good: [{ set: [inDev, ...builtOnTheSpot] }],
  },
  "known-store": {
    bad: [{ set: [["workloads.relay.postgres", { storageGiB: 20 }]], at: "palisade:workloads.relay.postgres" }],
    good: [{ set: [["workloads.sanctum.postgres", { storageGiB: 20 }]] }],
  },
  "replica-range": {
    bad: [
      { set: [backend({ minReplicas: 11 })], at: `${sanctumAt}.services.backend.minReplicas` },
      { set: [backend({ maxReplicas: 1 })], at: `${sanctumAt}.services.backend.maxReplicas` },
      { set: [backend({ minReplicas: 5, maxReplicas: 4 })], at: `${sanctumAt}.services.backend.minReplicas` },
    ],
    good: [{ set: [backend({ minReplicas: 11, maxReplicas: 11 })] }],
  },
  "single-replica": {
    bad: [{ set: [backend({ minReplicas: 1 })], at: `${sanctumAt}.services.backend.minReplicas` }],
    good: [{ set: [backend({ minReplicas: 1 }), inStaging] }, { set: [poller({ minReplicas: 1 })] }],
  },
  "fixed-variable": {
    bad: [
      { set: [backend({ environment: { DATABASE_HOST: "db.example.com" } })], at: `${variableAt}.DATABASE_HOST` },
      {
        set: [poller({ environment: { SALT: "x" } })],
        at: "palisade:workloads.relay.services.poller.environment.SALT",
      },
      {
        set: [poller({ environment: { HTTPS_PROXY: "http://elsewhere" } })],
        at: "palisade:workloads.relay.services.poller.environment.HTTPS_PROXY",
      },
    ],
    good: [
      { set: [poller({ environment: { LOG_LEVEL: "debug", REGION_HINT: "x" } })] },
      { set: [backend({ environment: { NO_PROXY: "x" } })] },
    ],
  },
  "verified-tls": {
    bad: [{ set: [backend({ environment: { DATABASE_SSLMODE: "require" } })], at: `${variableAt}.DATABASE_SSLMODE` }],
    good: [{ set: [backend({ environment: { DATABASE_SSLMODE: "verify-full" } })] }],
  },
  "log-shipper-image": {
    bad: [{ set: withIss(), context: { catalog: catalogWithIss }, at: "palisade:platformImages.log-shipper" }],
    good: [
      {
        set: [...withIss(), shipper],
        context: { catalog: catalogWithIss },
      },
      { context: { catalog: catalogWithIss } },
    ],
  },
  "known-volume": {
    bad: [
      {
        set: [...withIss({ volumeLoaders: { "memory-matrx": loader } }), shipper],
        context: { catalog: catalogWithIss },
        at: "palisade:workloads.iss.volumeLoaders.memory-matrx",
      },
      {
        set: [["workloads.relay.volumeLoaders", { data: loader }]],
        at: "palisade:workloads.relay.volumeLoaders.data",
      },
    ],
    good: [
      {
        set: [...withIss({ volumeLoaders: { "memory-matrix": loader } }), shipper],
        context: { catalog: catalogWithIss },
      },
    ],
  },
  "memory-floor": {
    bad: [
      {
        set: [...withIss({ services: { api: { memoryMiB: 2047 } } }), shipper],
        context: { catalog: catalogWithIss },
        at: "palisade:workloads.iss.services.api.memoryMiB",
      },
    ],
    good: [
      {
        set: [...withIss({ services: { api: { memoryMiB: 2048 } } }), shipper],
        context: { catalog: catalogWithIss },
      },
      { set: [backend({ memoryMiB: 512 })] },
    ],
  },
  "frontend-origin": {
    bad: [
      {
        set: [...withIss({ frontendOrigin: undefined }), shipper],
        context: { catalog: catalogWithIss },
        at: "palisade:workloads.iss.frontendOrigin",
      },
      { set: [["workloads.sanctum.frontendOrigin", undefined]], at: `${sanctumAt}.frontendOrigin` },
      { set: [["workloads.relay.frontendOrigin", "https://a.example"]], at: "palisade:workloads.relay.frontendOrigin" },
    ],
    good: [{}],
  },
  "frontend-target": {
    bad: [
      { set: [["workloads.relay.frontendTarget", "cname.example"]], at: "palisade:workloads.relay.frontendTarget" },
    ],
    good: [{ set: publishedElsewhere }],
  },
  "frontend-in-zone": {
    bad: [
      { set: [["workloads.sanctum.frontendTarget", "cname.example"]], at: `${sanctumAt}.frontendOrigin` },
      {
        set: [...publishedElsewhere, ["edge.hostedZoneId", undefined], ["edge.certificateArn", certificate]],
        at: `${sanctumAt}.frontendOrigin`,
      },
    ],
    good: [{ set: publishedElsewhere }],
  },
  "way-out": {
    bad: [
      { set: [["network.egress", "endpoints"]], at: "palisade:network.egress" },
      {
        ...machine({}),
        set: [...(machine({}).set ?? []), ["network.egress", "endpoints"]],
        at: "palisade:network.egress",
      },
    ],
    good: [
      {
        set: [
          ["network.egress", "endpoints"],
          ["workloads.relay", undefined],
          ["secrets", {}],
        ],
      },
    ],
  },
  "machine-replicas": {
    bad: [{ ...machine({ maxReplicas: 2 }), at: "palisade:workloads.sample.services.bot" }],
    good: [machine({ minReplicas: 2, maxReplicas: 2 }), machine({})],
  },
  "machine-memory": {
    bad: [{ ...machine({ memoryMiB: 512 }), at: "palisade:workloads.sample.services.bot.memoryMiB" }],
    good: [machine({ memoryMiB: 1024 })],
  },
  "egress-variable": {
    bad: [
      {
        context: relayCalls({ variable: "LOG_LEVEL" }),
        at: "palisade:workloads.relay.services.poller.environment.LOG_LEVEL",
      },
    ],
    good: [
      {
        set: [poller({ environment: { LOG_LEVEL: "https://api.example.com/v1" } })],
        context: relayCalls({ variable: "LOG_LEVEL" }),
      },
    ],
  },
  "open-egress": {
    bad: [{ context: relayCalls("*"), at: "palisade:workloads.relay" }],
    good: [{ set: [inDev], context: relayCalls("*") }],
  },
  "egress-proxy-image": {
    bad: [{ set: [["platformImages", undefined]], at: "palisade:platformImages.egress-proxy" }],
    good: [{ set: [["platformImages", undefined]], context: relayCalls() }],
  },
  "known-secret": {
    bad: [
      { set: [["secrets.relay.BOT_TOKN", sealed("abcdef")]], at: "palisade:secrets.relay.BOT_TOKN" },
      { set: [["secrets.relay.SALT", sealed("abcdef")]], at: "palisade:secrets.relay.SALT" },
      { set: [["secrets.rely", { BOT_TOKEN: sealed("abcdef") }]], at: "palisade:secrets.rely" },
    ],
    good: [{ set: [["secrets.relay", undefined]] }],
  },
  "secret-by-value": {
    bad: [
      { set: [backend({ environment: { UPSTREAM: "postgres://app:hunter2@db/app" } })], at: `${variableAt}.UPSTREAM` },
    ],
    good: [{ set: [backend({ environment: { UPSTREAM: "postgres://app@db/app" } })] }],
  },
  "secret-by-name": {
    bad: [{ set: [backend({ environment: { SMTP_PASSWORD: "hunter2" } })], at: `${variableAt}.SMTP_PASSWORD` }],
    good: [{ set: [backend({ environment: { MAX_TOKENS: "4096", TOKEN_TTL_SECONDS: "900" } })] }],
  },
  tenants: {
    bad: [
      { set: [notary(undefined), shipper], at: tenantsAt },
      { set: [notary({}), shipper], at: tenantsAt },
      { set: [notary(many(91)), shipper], at: tenantsAt },
      { set: [["workloads.sanctum.tenants", { acme: {} }]], at: `${sanctumAt}.tenants` },
    ],
    good: [
      { set: [notary({ acme: {}, globex: { requestsPerMinute: 600 } }), shipper] },
      { set: [notary(many(90)), shipper] },
    ],
  },
  "log-router-image": {
    bad: [{ set: [notary({ acme: {} })], at: "palisade:platformImages.log-shipper" }],
    good: [{ set: [notary({ acme: {} }), shipper] }, {}],
  },
  "clear-text-port": {
    bad: [
      {
        set: [notary({ acme: {} }), shipper, ["edge.redirectHttp", true]],
        at: "palisade:edge.redirectHttp",
      },
    ],
    good: [
      { set: [["edge.redirectHttp", true]] },
      { set: [notary({ acme: {} }), shipper, ["edge.redirectHttp", false]] },
    ],
  },
  "staging-sampling": {
    bad: [{ set: [inStaging, ["tracing", { samplePercent: 24 }]], at: "palisade:tracing.samplePercent" }],
    good: [
      { set: [inStaging, ["tracing", { samplePercent: 25 }]] },
      { set: [inStaging] },
      { set: [["tracing", { samplePercent: 1 }]] },
    ],
  },
  "console-traces": {
    bad: [{ set: [["tracing", { exporter: "console" }]], at: "palisade:tracing.exporter" }],
    good: [{ set: [inDev, ["tracing", { exporter: "console" }]] }],
  },
  "collector-image": {
    bad: [{ context: { catalog: traced() }, at: "palisade:platformImages.telemetry-collector" }],
    good: [
      { context: { catalog: traced() }, set: [["platformImages.telemetry-collector", digest]] },
      {
        context: { catalog: traced() },
        set: [
          ["workloads.relay", undefined],
          ["secrets", {}],
        ],
      },
    ],
  },
  "baseline-said": {
    bad: [
      { set: [["accountBaseline", undefined]], at: "palisade:accountBaseline" },
      { set: [["accountBaseline.guardDuty", undefined]], at: "palisade:accountBaseline.guardDuty" },
    ],
    good: [{ set: [inDev, ["accountBaseline", undefined]] }, { set: [["accountBaseline.guardDuty", false]] }],
  },
  // What these refuse where a workload has copies, approvals or queues: hand-off-rules.test.ts.
  "second-region": {
    bad: [{ set: [["secondRegion", "eu-central-1"]], at: "palisade:secondRegion" }],
    good: [{ set: [["secondRegion", "eu-west-1"]] }],
  },
  approvers: {
    bad: [
      {
        set: [["workloads.relay.approvers", ["arn:aws:iam::123456789012:role/editor"]]],
        at: "palisade:workloads.relay.approvers",
      },
    ],
    good: [{}],
  },
  "sleeping-service": {
    bad: [
      {
        set: [inDev, poller({ minReplicas: 0 })],
        at: "palisade:workloads.relay.services.poller.minReplicas",
      },
    ],
    good: [{ set: [inDev, poller({ minReplicas: 1 })] }],
  },
  "helper-image": {
    bad: [
      { of: onprem, set: [["platformImages.collector", undefined]], at: "palisade:platformImages.collector" },
      { of: onprem, set: [["platformImages.egress-proxy", undefined]], at: "palisade:platformImages.egress-proxy" },
      { of: onprem, set: [["platformImages.postgres", undefined]], at: "palisade:platformImages.postgres" },
    ],
    // Nobody here has approvals, buckets or queues.
    good: [
      { of: onprem },
      {
        of: onprem,
        set: [
          ["platformImages.approval-gate", undefined],
          ["platformImages.object-store", undefined],
          ["platformImages.queue", undefined],
        ],
      },
      {
        of: onprem,
        set: [
          ["platformImages.postgres", undefined],
          ["workloads.sanctum.postgres", { external }],
          ["workloads.sanctum.vectors", { external }],
        ],
      },
    ],
  },
  "trace-ranges": {
    bad: [
      { of: onprem, set: [["tracing", { endpoint: "https://t.example.com:4318" }]], at: "palisade:tracing.ranges" },
    ],
    good: [{ of: onprem, set: [["tracing", { endpoint: "https://t.example.com:4318", ranges: ["10.70.0.0/28"] }]] }],
  },
  "siem-key": {
    bad: [
      { of: onprem, set: [["siem", collector("https://siem.example.com/collector")]], at: "palisade:siem.accessKey" },
      {
        of: onprem,
        set: [["siem", { ...collector("syslog+tls://siem.example.com"), accessKey: sealed("collector-key") }]],
        at: "palisade:siem.accessKey",
      },
    ],
    good: [
      { of: onprem, set: [["siem", collector("syslog+tls://siem.example.com:6514")]] },
      {
        of: onprem,
        set: [["siem", { ...collector("https://siem.example.com/collector"), accessKey: sealed("collector-key") }]],
      },
    ],
  },
  "bundled-settings": {
    bad: [
      {
        of: onprem,
        set: [["workloads.sanctum.postgres", { external, storageGiB: 50 }]],
        at: "palisade:workloads.sanctum.postgres.storageGiB",
      },
    ],
    good: [{ of: onprem, set: [["workloads.sanctum.postgres", { storageGiB: 50, memoryMiB: 2048 }]] }],
  },
  "egress-outside-cluster": {
    bad: [
      {
        of: onprem,
        set: [["cluster.ranges.privateEgress", ["192.168.0.0/24", "10.42.128.0/24"]]],
        at: "palisade:cluster.ranges.privateEgress[1]",
      },
    ],
    good: [{ of: onprem, set: [["cluster.ranges.privateEgress", ["192.168.0.0/24"]]] }],
  },
  "some-approver": {
    bad: [
      {
        ...withApprovals({ users: [], groups: [] }),
        at: "palisade:workloads.content-pipeline.approvers",
      },
    ],
    good: [withApprovals({ groups: ["editors"] })],
  },
  "bundle-without-cluster": {
    bad: [
      { of: onprem, set: [...inBundle, ["cluster.kubeconfig", "/k"]], at: "palisade:cluster.kubeconfig" },
      { of: onprem, set: [...inBundle, ["cluster.context", "customer"]], at: "palisade:cluster.context" },
    ],
    good: [
      { of: onprem, set: inBundle },
      { of: onprem, set: [["cluster.kubeconfig", "/k"]] },
    ],
  },
  "bundle-without-secrets": {
    bad: [
      { of: onprem, set: [["delivery", "bundle"]], at: "palisade:secrets.relay.BOT_TOKEN" },
      {
        of: onprem,
        set: [
          ...inBundle,
          ["siem", { url: "https://siem.example.com", ranges: ["10.9.0.0/24"], accessKey: sealed("x") }],
        ],
        at: "palisade:siem.accessKey",
      },
    ],
    // The key of a collector is asked for where the bundle is installed.
    good: [{ of: onprem, set: [...inBundle, ["siem", { url: "https://siem.example.com", ranges: ["10.9.0.0/24"] }]] }],
  },
  "eks-section": {
    bad: [
      { set: [["compute", "eks"]], at: "palisade:eks" },
      { set: [["eks", { releaseRoleArn }]], at: "palisade:eks" },
    ],
    good: [{ set: onEks() }],
  },
  "eks-public": {
    bad: [{ set: onEks({ publicAccessCidrs: ["198.51.100.0/24"] }), at: "palisade:eks.publicAccessCidrs" }],
    good: [{ set: [inDev, ...onEks({ publicAccessCidrs: ["198.51.100.0/24"] })] }],
  },
  "eks-whole-internet": {
    bad: [{ set: [inDev, ...onEks({ publicAccessCidrs: ["0.0.0.0/0"] })], at: "palisade:eks.publicAccessCidrs[0]" }],
    good: [{ set: [inDev, ...onEks({ publicAccessCidrs: ["198.51.100.7/32"] })] }],
  },
  "eks-service-range": {
    bad: [
      { set: onEks({ serviceRange: "10.30.0.0/20" }), at: "palisade:eks.serviceRange" },
      { set: onEks({ serviceRange: "192.168.0.0/20" }), at: "palisade:eks.serviceRange" },
      { set: onEks({ serviceRange: "172.20.0.0/28" }), at: "palisade:eks.serviceRange" },
      { set: onEks({ serviceRange: "198.51.100.0/24" }), at: "palisade:eks.serviceRange" },
    ],
    good: [{ set: onEks({ serviceRange: "172.21.0.0/16" }) }],
  },
  "eks-node-numbers": {
    bad: [{ set: onEks({ minNodes: 5, maxNodes: 4 }), at: "palisade:eks.maxNodes" }],
    good: [{ set: onEks({ minNodes: 5, maxNodes: 5 }) }],
  },
  "stand-in-cluster": {
    bad: [
      {
        set: [inDev, ["localAws", { endpoint: "http://127.0.0.1:4600", kubeconfig: "/tmp/kubeconfig" }]],
        at: "palisade:localAws.kubeconfig",
      },
    ],
    good: [
      { set: [inDev, ...onEks(), ["localAws", { endpoint: "http://127.0.0.1:4600", kubeconfig: "/tmp/kubeconfig" }]] },
    ],
  },
};

test("every rule has cases, and no rule's name is used twice", () => {
  expect(rules.map(rule => rule.id).sort()).toEqual(Object.keys(cases).sort());
});

describe.each(Object.entries(cases))("%s", (id, { bad, good }) => {
  const control = rules.find(rule => rule.id === id)?.control;

  test.each(bad.map(c => [JSON.stringify(c.set ?? c.context), c] as const))("refuses %s", (_, c) => {
    const faults = faultsOf(apply(c), c.context);
    expect(faults.map(f => [f.path, f.control])).toContainEqual([c.at, control]);
    for (const fault of faults) expect(fault).toMatchObject({ path: c.at });
  });

  test.each(good.map(c => [JSON.stringify(c.set ?? c.context), c] as const))("accepts %s", (_, c) => {
    expect(parse(apply(c), c.context)).toMatchObject({ ok: true });
  });
});
