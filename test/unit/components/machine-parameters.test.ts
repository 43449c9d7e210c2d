// Unit tests: machines read SecureString parameters, one for each reader; what nobody supplied is waited for (CP-5, PF-7, SA-8).
import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import {
  MachineParameters,
  type MachineParametersArgs,
  secretsOfTasks,
} from "../../../src/components/aws/machine-parameters";
import { only } from "../record";
import { machineWorkload } from "./machine-samples";
import { recordTypes, sampleService } from "./samples";

const parameter = "aws:ssm/parameter:Parameter";
const password = "random:index/randomPassword:RandomPassword";
const workload = machineWorkload(
  {},
  {
    services: { api: sampleService() },
    secrets: {
      BOT_TOKEN: { description: "Token.", source: "supplied", readers: ["bot"] },
      SHARED_KEY: { description: "Shared.", source: "generated", readers: ["bot", "api"] },
      OWN_KEY: { description: "Own.", source: "generated", length: 64, rotationDays: 180, readers: ["bot"] },
      API_KEY: { description: "The API's.", source: "generated", readers: ["api"] },
    },
  },
);
async function build(changes: Partial<MachineParametersArgs> = {}) {
  const awaited: string[] = [];
  const all = await recordTypes([parameter, password], () => {
    const made = new MachineParameters("sample-dev", { environment: "dev", workload, keyArn: "arn:key", ...changes });
    awaited.push(...made.awaitedBy("bot"));
  });
  return { all, awaited };
}

test("each is encrypted, below the path of its reader, and tagged with its rotation", async () => {
  const { all } = await build({ supplied: { BOT_TOKEN: "t" } });
  expect(all.filter(r => r.type === parameter).map(r => r.inputs.name)).toEqual([
    "/palisade/dev/sample/bot/BOT_TOKEN",
    "/palisade/dev/sample/bot/SHARED_KEY",
    "/palisade/dev/sample/bot/OWN_KEY",
  ]);
  expect(only(all, parameter, "sample-dev-own-key-bot").inputs).toMatchObject({
    type: "SecureString",
    keyId: "arn:key",
    tags: { "palisade:secret": "OWN_KEY", "palisade:rotation-days": "180" },
  });
});

test("values are secret on their way to the engine (PF-7)", async () => {
  const { all } = await build({ supplied: { BOT_TOKEN: "t" } });
  const mark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
  for (const { inputs } of all.filter(r => r.type === parameter)) expect(inputs.value).toMatchObject(mark);
  expect(only(all, parameter, "sample-dev-bot-token-bot").inputs.value).toMatchObject({ value: "t" });
});

test("a secret that tasks read as well has one value", async () => {
  const { all } = await build({ generatedValue: name => (name === "SHARED_KEY" ? pulumi.output("same") : undefined) });
  expect(only(all, parameter, "sample-dev-shared-key-bot").inputs.value).toMatchObject({ value: "same" });
  expect(all.filter(r => r.type === password).map(r => r.name)).toEqual(["sample-dev-own-key"]);
});

test("one that nobody supplied has no parameter; its name says what to put", async () => {
  const { all, awaited } = await build();
  expect(awaited).toEqual(["/palisade/dev/sample/bot/BOT_TOKEN"]);
  expect(all.map(r => r.inputs.name)).not.toContain("/palisade/dev/sample/bot/BOT_TOKEN");
});

test("Secrets Manager keeps only what something else than a machine reads", () => {
  expect(Object.keys(secretsOfTasks(workload))).toEqual(["SHARED_KEY", "API_KEY"]);
});
