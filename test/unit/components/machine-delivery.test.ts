// Unit tests: a delivery takes a digest and a commit and nothing else, finds its machines by tag, and follows the stack's configuration (CP-9).
import { expect, test } from "vitest";
import {
  deliveryDocument,
  MachineDelivery,
  type MachineDeliveryArgs,
} from "../../../src/components/aws/machine-delivery";
import { only } from "../record";
import { machineService, machineSettings } from "./machine-samples";
import { digest, recordTypes } from "./samples";

const document = "aws:ssm/document:Document";
const association = "aws:ssm/association:Association";
const { serviceName, region, logGroupName, repositoryUrl } = machineSettings();
const args: MachineDeliveryArgs = {
  serviceName,
  service: machineService(),
  region,
  logGroupName,
  repositoryUrl,
  documentName: "sample-dev-bot-deliver",
  imageDigest: digest,
  gitSha: "c".repeat(40),
  serviceTag: "sample-dev-bot",
  waitForSuccess: true,
};
const build = (changes: Partial<MachineDeliveryArgs> = {}) =>
  recordTypes([document, association], () => new MachineDelivery("sample-dev-bot", { ...args, ...changes }));
const content = () => deliveryDocument({ ...args, repositoryUrl }, 1000);

test("the document is a command of a fixed name, for instances", async () => {
  const { inputs } = only(await build(), document);
  expect(inputs).toMatchObject({
    name: "sample-dev-bot-deliver",
    documentType: "Command",
    targetType: "/AWS::EC2::Instance",
  });
  expect(JSON.parse(String(inputs.content))).toMatchObject({ schemaVersion: "2.2" });
});

test.each([
  ["ImageDigest", digest, true],
  ["ImageDigest", "latest", false],
  ["ImageDigest", `${digest}; reboot`, false],
  ["ImageDigest", `x\n${digest}`, false],
  ["GitSha", "c".repeat(40), true],
  ["GitSha", "$(reboot)", false],
] as const)("%s %j: %s", (name, value, allowed) => {
  expect(new RegExp(content().parameters[name].allowedPattern).test(value)).toBe(allowed);
});

test("its only parameters are those two: nothing else in pairs of braces, which Systems Manager would fill in", () => {
  const lines = content().mainSteps[0]?.inputs.runCommand ?? [];
  expect(lines[0]).toBe("#!/bin/bash");
  expect(lines.filter(line => line.includes("{{") || line.includes("}}"))).toEqual([
    "digest='{{ ImageDigest }}'",
    "sha='{{ GitSha }}'",
  ]);
});

test("the stack's own release goes to every machine of the service, new ones included, one at a time", async () => {
  expect(only(await build(), association).inputs).toMatchObject({
    name: "sample-dev-bot-deliver",
    parameters: { ImageDigest: digest, GitSha: "c".repeat(40) },
    targets: [{ key: "tag:palisade:service", values: ["sample-dev-bot"] }],
    maxConcurrency: "1",
    maxErrors: "0",
  });
});

test("a failed delivery fails the update, except where no machine runs", async () => {
  const waits = async (changes = {}) => only(await build(changes), association).inputs.waitForSuccessTimeoutSeconds;
  expect(await waits()).toBeGreaterThan(900);
  expect(await waits({ waitForSuccess: false })).toBeUndefined();
});
