// Unit tests: a local provider reaches the loopback interface and nothing else; a real one carries no shortcuts.
import { describe, expect, test } from "vitest";
import { createProvider, type ProviderArgs } from "../../../src/components/aws/provider";
import { only } from "../record";
import { recordTypes } from "./samples";

const type = "pulumi:providers:aws";
const base = { region: "eu-central-1", tags: { "palisade:environment": "dev" } };

async function inputs(args: Partial<ProviderArgs>): Promise<Record<string, unknown>> {
  const registered = await recordTypes([type], () => createProvider("aws", { ...base, ...args }));
  return only(registered, type).inputs;
}

const parse = (value: unknown) => JSON.parse(String(value));

describe("local endpoint", () => {
  test("sends every service there", async () => {
    const endpoint = "http://127.0.0.1:5000";
    const { endpoints } = await inputs({ localEndpoint: endpoint });
    const [services] = parse(endpoints);
    expect(new Set(Object.values(services))).toEqual(new Set([endpoint]));
    expect(Object.keys(services)).toEqual(
      expect.arrayContaining(["ec2", "ecs", "elbv2", "firehose", "iam", "kms", "logs", "s3", "s3control", "sts"]),
    );
  });

  test("is the proxy of what has another address, over http and https", async () => {
    const localEndpoint = "http://127.0.0.1:5000";
    expect(await inputs({ localEndpoint })).toMatchObject({ httpProxy: localEndpoint, httpsProxy: localEndpoint });
  });

  test("expects no AWS behind it", async () => {
    expect(await inputs({ localEndpoint: "http://localhost:5000" })).toMatchObject({
      skipCredentialsValidation: "true",
      skipMetadataApiCheck: "true",
      s3UsePathStyle: "true",
      maxRetries: "2",
    });
  });

  test.each(["http://localhost:5000", "http://127.0.0.1", "https://127.9.9.9:1", "http://[::1]:5000"])(
    "%s is on the loopback interface",
    async localEndpoint => {
      await expect(inputs({ localEndpoint })).resolves.toHaveProperty("endpoints");
    },
  );

  test.each([
    "",
    "localhost:5000",
    "ftp://localhost",
    "http://10.0.0.1:5000",
    "https://aws.example.com",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://localhost@example.com",
    "http://0.0.0.0:5000",
  ])("%s is not", localEndpoint => {
    expect(() => createProvider("aws", { ...base, localEndpoint })).toThrow(/`localEndpoint` is .*allowed is/);
  });
});

test("without a local endpoint credentials, checks and endpoints are AWS's own", async () => {
  const given = await inputs({ accountId: "123456789012" });
  expect(parse(given.allowedAccountIds)).toEqual(["123456789012"]);
  expect(parse(given.defaultTags)).toEqual({ tags: base.tags });
  for (const override of ["accessKey", "secretKey", "endpoints", "httpProxy", "httpsProxy"])
    expect(given).not.toHaveProperty(override);
  for (const shortcut of [
    "skipCredentialsValidation",
    "skipMetadataApiCheck",
    "skipRequestingAccountId",
    "s3UsePathStyle",
  ])
    expect(given[shortcut]).not.toBe("true");
});
