import { expect, test } from "vitest";
import { endpointServices, hasMachine } from "../../../src/components/aws/endpoint-services";
import { fargateServices } from "../../../src/components/aws/vpc-endpoints";
import { machineWorkload } from "./machine-samples";
import { sampleService } from "./samples";

const tasks = { ...machineWorkload(), services: { api: sampleService() } };

test("without a machine there is what Fargate needs, and nothing else", () => {
  expect(hasMachine(tasks)).toBe(false);
  expect(endpointServices([tasks])).toEqual([...fargateServices]);
});

test("one machine among workloads brings Systems Manager and what else it calls, once", () => {
  const services = endpointServices([tasks, machineWorkload(), machineWorkload()]);
  expect(services).toEqual(expect.arrayContaining(["ssm", "ssmmessages", "ec2messages", "kms", "monitoring", "sts"]));
  expect(new Set(services).size).toBe(services.length);
});
