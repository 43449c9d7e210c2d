import { expect, test } from "vitest";
import type { ServiceParts } from "../../../src/components/aws/service-parts";
import { policyJson } from "../../../src/components/aws/statements";
import { WorkloadLease, type WorkloadLeaseArgs } from "../../../src/components/aws/workload-lease";
import { defineWorkload } from "../../../src/workload/workload";
import { only } from "../record";
import { resolved } from "./reading";
import { recordTypes, sampleService, statementAbout } from "./samples";

const table = "aws:dynamodb/table:Table";
const leased = sampleService({ scaling: { minReplicas: 2, maxReplicas: 2, mode: "active-passive" } });
const other = sampleService({ ports: [{ name: "api", number: 9443 }] });
const workloadOf = (service: typeof leased) =>
  defineWorkload({ name: "w", title: "W", services: { poller: service, other } });
const args: WorkloadLeaseArgs = {
  workload: workloadOf(leased),
  region: "eu-central-1",
  keyArn: "arn:key",
  dynamodbPrefixListId: "pl-dynamodb",
  disposable: false,
};

async function build(changes: Partial<WorkloadLeaseArgs> = {}) {
  const parts: Record<string, ServiceParts> = {};
  let policy: Promise<unknown> = Promise.resolve("");
  const all = await recordTypes([table], () => {
    const lease = new WorkloadLease("w", { ...args, ...changes });
    for (const name of ["poller", "other"]) parts[name] = lease.partsFor(name);
    policy = resolved(policyJson(parts.poller?.statements ?? []));
  });
  return { all, parts, policy: await policy };
}

test("leases are encrypted, can be brought back, and clear themselves away", async () => {
  const { all } = await build();
  expect(only(all, table).inputs).toMatchObject({
    hashKey: "LeaseKey",
    billingMode: "PAY_PER_REQUEST",
    serverSideEncryption: { enabled: true, kmsKeyArn: "arn:key" },
    pointInTimeRecovery: { enabled: true },
    ttl: { enabled: true, attributeName: "removeAt" },
    deletionProtectionEnabled: true,
  });
});

test("a service may use its own lease and no other", async () => {
  const { policy } = await build();
  const { Action, Resource, Condition } = statementAbout("dynamodb:UpdateItem", policy);
  expect(Action).toEqual(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]);
  expect(Resource).toBe("arn:aws:mock:::w-lease");
  expect(Condition).toEqual({
    "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["poller"] },
    Null: { "dynamodb:LeadingKeys": "false" },
  });
  expect(statementAbout("kms:Decrypt", policy)).toMatchObject({
    Resource: "arn:key",
    Condition: { StringEquals: { "kms:ViaService": "dynamodb.eu-central-1.amazonaws.com" } },
  });
});

test("it is told where its lease is and how long it lasts, and has a way there", async () => {
  const { parts } = await build();
  expect(parts.poller?.environment).toMatchObject({ LEASE_KEY: "poller", LEASE_SECONDS: "15" });
  expect(Object.keys(parts.poller?.environment ?? {})).toContain("LEASE_TABLE");
  expect(parts.poller?.peers).toEqual([{ name: "dynamodb", peer: { prefixListId: "pl-dynamodb" }, port: 443 }]);
});

test("a service whose replicas all work gets nothing", async () => {
  expect((await build()).parts.other).toEqual({});
  const { all } = await build({ workload: workloadOf(sampleService()), dynamodbPrefixListId: undefined });
  expect(all.filter(r => r.type === table)).toEqual([]);
});

test("a lease nobody could reach is refused", async () => {
  await expect(build({ dynamodbPrefixListId: undefined })).rejects.toThrow(/`dynamodbPrefixListId` is missing/);
});
