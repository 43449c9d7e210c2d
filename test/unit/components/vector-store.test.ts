import fc from "fast-check";
import { expect, test } from "vitest";
import { indexBuildParameters, VectorStore } from "../../../src/components/aws/vector-store";
import { only } from "../record";
import { recordTypes } from "./samples";

const types = [
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:rds/instance:Instance",
  "aws:rds/parameterGroup:ParameterGroup",
  "aws:rds/subnetGroup:SubnetGroup",
  "random:index/randomId:RandomId",
];

function build(instanceClass: string) {
  return recordTypes(
    types,
    () =>
      new VectorStore("sanctum-vectors", {
        vpcId: "vpc-1",
        subnetIds: ["subnet-a", "subnet-b"],
        version: "17",
        databaseName: "memories",
        instanceClass,
        storageGiB: 100,
        multiAz: false,
        deletionProtection: false,
        backupRetentionDays: 7,
        finalSnapshot: false,
        keyArn: "arn:key/customer",
        secretsKeyArn: "arn:key/secrets",
        logKeyArn: "arn:key/logs",
        logRetentionDays: 14,
        performanceInsights: false,
      }),
  );
}

const value = (parameters: { name: string; value: string }[], name: string) =>
  Number(parameters.find(parameter => parameter.name === name)?.value);

test("a PostgreSQL of its own, tuned for index builds and still TLS only", async () => {
  const registered = await build("db.r7g.xlarge");
  expect(only(registered, "aws:rds/instance:Instance").inputs).toMatchObject({
    engine: "postgres",
    dbName: "memories",
  });
  expect(only(registered, "aws:rds/parameterGroup:ParameterGroup").inputs.parameters).toEqual(
    expect.arrayContaining([
      { name: "rds.force_ssl", value: "1", applyMethod: "immediate" },
      // A quarter of 32 GiB.
      { name: "maintenance_work_mem", value: "8388608", applyMethod: "immediate" },
      { name: "max_parallel_maintenance_workers", value: "2", applyMethod: "immediate" },
    ]),
  );
});

test("builds and vacuums together leave at least half the memory", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 192 }), fc.integer({ min: 1024, max: 1_572_864 }), (vcpus, memoryMiB) => {
      const parameters = indexBuildParameters({ vcpus, memoryMiB });
      const busy = value(parameters, "maintenance_work_mem") + 3 * value(parameters, "autovacuum_work_mem");
      expect(busy).toBeLessThanOrEqual((memoryMiB * 1024) / 2);
      const workers = value(parameters, "max_parallel_maintenance_workers");
      expect(workers).toBeGreaterThanOrEqual(1);
      expect(workers).toBeLessThanOrEqual(7);
    }),
  );
});

test("an unknown instance class is refused", async () => {
  await expect(build("db.z1d.large")).rejects.toThrow("`instanceClass` is `db.z1d.large`");
});
