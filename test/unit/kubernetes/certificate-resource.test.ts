// SA-6: what stands in a stack's state for a certificate is short, and Pulumi's process for dynamic resources makes one of it.
import { type ChildProcess, spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { ConfigureRequest, CreateRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority, Leaf } from "../../../src/components/kubernetes/certificate";
import { only, type Registered, record } from "../record";

const type = "pulumi-nodejs:dynamic:Resource";
let registered: Registered[];
let provider: ChildProcess;
let client: ResourceProviderClient;

beforeAll(async () => {
  const made = (_: unknown, name: string) => ({ certificate: `certificate of ${name}`, key: `key of ${name}` });
  registered = await record({ types: [type], outputs: { [type]: made } }, () => {
    const authority = new Authority("ca", { commonName: "palisade sample-dev" });
    return new Leaf("leaf", { authority, commonName: "api", dnsNames: ["api"], usages: ["server"] });
  });
  const project = join(__dirname, "../../..");
  provider = spawn(process.execPath, [require.resolve("@pulumi/pulumi/cmd/dynamic-provider"), "127.0.0.1:1"], {
    cwd: project,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await new Promise<string>((resolve, reject) => {
    provider.stdout?.once("data", data => resolve(String(data).trim()));
    provider.once("exit", code => reject(new Error(`the provider ended with ${code}`)));
  });
  client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const configuration = new ConfigureRequest();
  configuration.setArgs(Struct.fromJavaScript({}));
  await new Promise<void>((resolve, reject) =>
    client.configure(configuration, error => (error ? reject(error) : resolve())),
  );
});
afterAll(() => {
  client?.close();
  provider?.kill("SIGKILL");
});

interface Pair {
  certificate: string;
  key: string;
}

function create(inputs: Record<string, unknown>): Promise<Pair> {
  const request = new CreateRequest();
  request.setProperties(Struct.fromJavaScript(inputs as Parameters<typeof Struct.fromJavaScript>[0]));
  return new Promise((resolve, reject) =>
    client.create(request, (error, response) =>
      error ? reject(error) : resolve(response.getProperties()?.toJavaScript() as unknown as Pair),
    ),
  );
}

test("the provider in the state makes an authority, and a leaf that it signed", async () => {
  const authority = await create(only(registered, type, "ca").inputs);
  const leaf = await create({ ...only(registered, type, "leaf").inputs, authority });
  const issuer = new X509Certificate(authority.certificate);
  expect(issuer.subject).toBe("CN=palisade sample-dev");
  expect(new X509Certificate(leaf.certificate).verify(issuer.publicKey)).toBe(true);
});

test("it is a small part of what the state holds, since the engine writes the state at every step", () => {
  for (const { inputs } of registered) expect(String(inputs.__provider).length).toBeLessThan(250);
});
