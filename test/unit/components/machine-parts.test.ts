import { expect, test } from "vitest";
import { machineParts } from "../../../src/components/aws/machine-configuration";

test("a machine takes permissions, variables and peers from the rest of its workload", () => {
  const peers = [{ name: "store", peer: { securityGroupId: "sg-1" }, port: 443 }];
  const statements = [{ Effect: "Allow" as const, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/a/*" }];
  expect(machineParts([{ peers }, { statements, environment: { A: "1" } }])).toMatchObject({
    peers,
    statements,
    environment: { A: "1" },
  });
});

test.each([
  ["volumes", { volumes: [{ name: "data", fileSystemId: "fs-1", accessPointId: "fsap-1" }] }],
  ["mounts", { mounts: [{ volume: "data", path: "/data", readOnly: false }] }],
  [
    "sidecars",
    { sidecars: [{ name: "shipper", image: "i", user: 1000, resources: { cpuMillicores: 50, memoryMiB: 64 } }] },
  ],
])("it takes no %s (CP-1)", (kind, parts) => {
  expect(() => machineParts([parts])).toThrow(`\`parts\` have 1 \`${kind}\``);
});
