// A plan that was shown, and what another installer did before it was agreed to: the plan is not carried out any more (RT-9).
import { expect, test } from "vitest";
import type { Environment } from "../../../../src/onprem/install/environment";
import { advance, rollback } from "../../../../src/onprem/install/transition";
import { uninstall } from "../../../../src/onprem/install/uninstall";
import { FakeCluster } from "./fake-cluster";
import { configMap, deployment, environment, namespace, platform, target } from "./samples";

const release = (version: string, more: Parameters<typeof target>[1] = []) =>
  target(version, [configMap("a", version), deployment("web", `web@${version}`), ...more]);
const changed = /what is installed has changed since the plan was made; nothing was done\n.*same command again/;

/** The environment of whoever agrees late: somebody else did this meanwhile. */
const late = (fake: FakeCluster, meanwhile: (here: Environment) => Promise<unknown>) =>
  environment(fake.line(), {
    agree: async () => {
      await meanwhile(environment(fake.line()));
      return true;
    },
  });

async function after(...versions: string[]): Promise<FakeCluster> {
  const fake = new FakeCluster();
  for (const [i, version] of versions.entries())
    await advance(environment(fake.line()), i === 0 ? "install" : "upgrade", release(version));
  return fake;
}

/** What stands once `meanwhile` is done and nothing else. */
async function alone(fake: FakeCluster, meanwhile: (here: Environment) => Promise<unknown>) {
  await meanwhile(environment(fake.line()));
  return fake.state();
}

test("a rollback, after another rollback", async () => {
  const versions = ["0.9.0", "1.0.0", "1.1.0"];
  const meanwhile = (here: Environment) => rollback(here, platform);
  const fake = await after(...versions);
  await expect(rollback(late(fake, meanwhile), platform)).rejects.toThrow(changed);
  expect(fake.state()).toEqual(await alone(await after(...versions), meanwhile));
});

test("an uninstall, after an upgrade that added a namespace", async () => {
  const more = [
    namespace("added-test"),
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "late", namespace: "added-test" } },
  ];
  const meanwhile = (here: Environment) => advance(here, "upgrade", release("1.1.0", more));
  const fake = await after("1.0.0");
  await expect(uninstall(late(fake, meanwhile), platform, true)).rejects.toThrow(changed);
  expect(fake.state()).toEqual(await alone(await after("1.0.0"), meanwhile));
});

test("an upgrade, after the same upgrade", async () => {
  const meanwhile = (here: Environment) => advance(here, "upgrade", release("1.1.0"));
  const fake = await after("1.0.0");
  await expect(advance(late(fake, meanwhile), "upgrade", release("1.1.0"))).rejects.toThrow(changed);
  expect(fake.state()).toEqual(await alone(await after("1.0.0"), meanwhile));
});
