import { expect, test } from "vitest";
import { Cluster, type ClusterArgs } from "../../../src/components/aws/cluster";
import { only } from "../record";
import { recordTypes } from "./samples";

const types = [
  "aws:ecs/cluster:Cluster",
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
  "aws:servicediscovery/httpNamespace:HttpNamespace",
];
const cluster = async (args: ClusterArgs = {}) =>
  only(await recordTypes(types, () => new Cluster("sanctum", args)), "aws:ecs/cluster:Cluster").inputs;

test("it measures every task and finds services in its own namespace", async () => {
  expect(await cluster()).toMatchObject({
    settings: [{ name: "containerInsights", value: "enhanced" }],
    serviceConnectDefaults: { namespace: "arn:aws:mock:::sanctum" },
    configuration: { executeCommandConfiguration: { logging: "NONE" } },
  });
});

test("scratch disks are encrypted with a key of one's own where it is given", async () => {
  expect(await cluster({ ephemeralStorageKeyArn: "arn:key/customer" })).toMatchObject({
    configuration: { managedStorageConfiguration: { fargateEphemeralStorageKmsKeyId: "arn:key/customer" } },
  });
});

test("nothing runs on spot unless it asks to", async () => {
  const registered = await recordTypes(types, () => new Cluster("sanctum", {}));
  const { inputs } = only(registered, "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders");
  expect(inputs.defaultCapacityProviderStrategies).toEqual([{ capacityProvider: "FARGATE", base: 1, weight: 1 }]);
});
