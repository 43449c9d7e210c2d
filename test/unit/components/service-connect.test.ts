import { expect, test } from "vitest";
import { connectRole, internalEndpoint, proxyPorts, serviceConnect } from "../../../src/components/aws/service-connect";
import { sampleService } from "./samples";

const tls = { authorityArn: "arn:authority", roleArn: "arn:role", keyArn: "arn:key" };
const inputs = { namespaceArn: "arn:namespace", logGroupName: "/palisade/sample", region: "eu-central-1", tls };
const caller = { OTHER_URL: { endpointOf: "other" } };

test.each([
  ["server", { network: { exposure: "internal" as const } }],
  ["server", { network: { exposure: "public" as const, callers: ["other"] } }],
  ["client", { network: { exposure: "public" as const }, environment: caller }],
  ["client", { network: { exposure: "none" as const }, environment: caller }],
  ["client", { network: { exposure: "none" as const, egress: ["api.example.com"] } }],
  ["none", { network: { exposure: "public" as const } }],
])("%s: %o", (role, changes) => {
  expect(connectRole(sampleService(changes))).toBe(role);
});

test("a server is found by its name and reached over TLS", () => {
  expect(serviceConnect("sample", sampleService(), inputs)).toMatchObject({
    enabled: true,
    namespace: "arn:namespace",
    services: [
      {
        portName: "api",
        discoveryName: "sample-api",
        clientAlias: [{ dnsName: "sample", port: 8443 }],
        tls: { issuerCertAuthority: { awsPcaAuthorityArn: "arn:authority" }, roleArn: "arn:role", kmsKey: "arn:key" },
      },
    ],
  });
  expect(internalEndpoint("sample", sampleService())).toBe("https://sample:8443");
});

test("without certificates there is no server", () => {
  expect(() => serviceConnect("sample", sampleService(), { ...inputs, tls: undefined })).toThrow("`tls` is missing");
});

test("a client has a proxy and offers nothing; a loner has no proxy", () => {
  const client = sampleService({ network: { exposure: "none" }, environment: caller });
  expect(serviceConnect("sample", client, { ...inputs, tls: undefined })?.services).toBeUndefined();
  expect(serviceConnect("sample", sampleService({ network: { exposure: "none" } }), inputs)).toBeUndefined();
  expect(() => internalEndpoint("sample", client)).toThrow("nobody may call it");
});

test("where the load balancer talks to the process, the proxy has a port of its own", () => {
  const both = sampleService({ network: { exposure: "public", callers: ["other"] } });
  expect(proxyPorts(sampleService())).toEqual([8443]);
  expect(proxyPorts(both)).toEqual([20_100]);
  expect(serviceConnect("sample", both, inputs)).toMatchObject({ services: [{ ingressPortOverride: 20_100 }] });
  expect(serviceConnect("sample", sampleService(), inputs)).not.toHaveProperty("services.0.ingressPortOverride");
});
