import { describe, expect, test } from "vitest";
import type { Context } from "../../../src/config/rule";
import { rules } from "../../../src/config/rules";
import { digest, faultsOf, parse, prod, sealed, spoil } from "./sample";

interface Case {
  readonly set?: readonly [place: string, value: unknown][];
  readonly context?: Partial<Context>;
  /** Where the fault is; absent where there is none. */
  readonly at?: string;
}

/** A place such as `network.zones.0.name`; numbers are positions. */
function apply({ set = [] }: Case): unknown {
  return set.reduce<unknown>(
    (values, [place, value]) =>
      spoil(
        values,
        place.split(".").map(step => (/^\d+$/.test(step) ? Number(step) : step)),
        value,
      ),
    prod(),
  );
}

const backend = (override: unknown): [string, unknown] => ["workloads.sanctum.services", { backend: override }];
const poller = (override: unknown): [string, unknown] => ["workloads.relay.services", { poller: override }];
const inDev: [string, unknown] = ["environment", "dev"];
const inStaging: [string, unknown] = ["environment", "staging"];
const sanctumAt = "palisade:workloads.sanctum";
const variableAt = `${sanctumAt}.services.backend.environment`;

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
    ],
    good: [{ set: [poller({ environment: { LOG_LEVEL: "debug", REGION_HINT: "x" } })] }],
  },
  "verified-tls": {
    bad: [{ set: [backend({ environment: { DATABASE_SSLMODE: "require" } })], at: `${variableAt}.DATABASE_SSLMODE` }],
    good: [{ set: [backend({ environment: { DATABASE_SSLMODE: "verify-full" } })] }],
  },
  "frontend-origin": {
    bad: [
      { set: [["workloads.sanctum.frontendOrigin", undefined]], at: `${sanctumAt}.frontendOrigin` },
      { set: [["workloads.relay.frontendOrigin", "https://a.example"]], at: "palisade:workloads.relay.frontendOrigin" },
    ],
    good: [{}],
  },
  "way-out": {
    bad: [{ set: [["network.egress", "endpoints"]], at: "palisade:network.egress" }],
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
  "not-built-yet": {
    bad: [
      { set: [["mode", "onprem"]], at: "palisade:mode" },
      { set: [["compute", "eks"]], at: "palisade:compute" },
    ],
    good: [{ set: [["compute", undefined]] }],
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
