import { expect, test } from "vitest";
import { endpointServices, hasMachine } from "../../../src/components/aws/endpoint-services";
import { fargateServices } from "../../../src/components/aws/vpc-endpoints";
import { defineWorkload, type WorkloadInput } from "../../../src/workload/workload";
import { machineWorkload } from "./machine-samples";
import { sampleService } from "./samples";

type ServiceChanges = Parameters<typeof sampleService>[0];
const used = (service: ServiceChanges, more: Partial<WorkloadInput> = {}) =>
  endpointServices([
    defineWorkload({ name: "x", title: "X", services: { a: sampleService(service) }, ...more }),
  ]).filter(name => !fargateServices.some(needed => needed === name));
const open = { network: { exposure: "public" as const } };

test.each<[string, ServiceChanges, Partial<WorkloadInput>, string[]]>([
  ["a public service", open, {}, []],
  ["tenants", open, { tenancy: { claim: "t", requestsPerMinute: 1 } }, ["kms"]],
  ["an internal service, which measures its latency", {}, {}, ["monitoring"]],
  [
    "metrics of its own",
    { ...open, objectives: { metrics: [{ name: "m", limit: 1, windowMinutes: 1 }] } },
    {},
    ["monitoring"],
  ],
  ["traces", { ...open, tracing: {} }, {}, ["xray"]],
])("%s", (_, service, more, expected) => {
  expect(used(service, more)).toEqual(expected);
});

test("what Fargate needs is always there", () => {
  expect(endpointServices([])).toEqual([...fargateServices]);
});

test("without a machine nobody calls Systems Manager", () => {
  const tasks = { ...machineWorkload(), services: { api: sampleService() } };
  expect(hasMachine(tasks)).toBe(false);
  expect(endpointServices([tasks])).not.toContain("ssm");
});

test("one machine among workloads brings Systems Manager and what else it calls, once", () => {
  const services = endpointServices([machineWorkload(), machineWorkload()]);
  expect(services).toEqual(expect.arrayContaining(["ssm", "ssmmessages", "ec2messages", "kms", "monitoring", "sts"]));
  expect(new Set(services).size).toBe(services.length);
});
