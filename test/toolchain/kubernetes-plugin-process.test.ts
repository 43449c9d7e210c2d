// The kubernetes plugin as a process: it goes when the engine is done with it, and stays while work is under way.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildKubernetesPlugin } from "../../toolchain/kubernetes-plugin/build";

let directory: string;
let plugin: ChildProcess | undefined;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "palisade-plugin-"));
  await buildKubernetesPlugin(directory);
});
afterEach(() => plugin?.kill("SIGKILL"));
afterAll(() => rm(directory, { recursive: true }));

async function start(): Promise<{ client: ResourceProviderClient; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [join(directory, "plugin.cjs"), "127.0.0.1:1"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  plugin = child;
  const ended = new Promise<number | null>(resolve => child.once("exit", resolve));
  const port = await new Promise<string>(resolve => child.stdout?.once("data", data => resolve(String(data).trim())));
  return { client: new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure()), ended };
}

const cancel = (client: ResourceProviderClient) =>
  new Promise<void>((resolve, reject) => client.cancel(new Empty(), error => (error ? reject(error) : resolve())));

test("an interrupt before the engine's Cancel is the terminal's, and ends nothing; the one after it does", async () => {
  const { client, ended } = await start();
  plugin?.kill("SIGINT");
  await cancel(client);
  client.close();
  plugin?.kill("SIGINT");
  expect(await ended).toBe(0);
});
