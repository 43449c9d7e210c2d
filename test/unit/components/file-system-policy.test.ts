// The policy is judged as EFS judges it: what identity permissions allow, less what the policy denies.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { directoryUse, fileSystemPolicy } from "../../../src/components/aws/file-system-policy";
import type { Statement } from "./samples";

const fileSystem = "arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/fs-1";
const logs = "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-logs";
const vault = "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-vault";
const [api, reader, admin] = ["api", "reader", "admin"].map(name => `arn:aws:iam::123456789012:role/${name}`) as [
  string,
  string,
  string,
];

interface Request {
  action: "ClientMount" | "ClientWrite" | "ClientRootAccess";
  principal?: string;
  accessPoint?: string;
  encrypted: boolean;
}

const policy = fileSystemPolicy(fileSystem, [
  { name: "logs", accessPointArn: logs, clients: { mounting: [api, reader], writing: [api] } },
  { name: "memory-matrix", accessPointArn: vault, clients: { mounting: [api], writing: [] } },
]) as Statement[];

/** Whether a statement of the policy denies a request; each operator as IAM documents it. */
function denied({ action, principal, accessPoint, encrypted }: Request): boolean {
  const values: Record<string, string | undefined> = {
    "aws:SecureTransport": String(encrypted),
    "aws:PrincipalArn": principal,
    "elasticfilesystem:AccessPointArn": accessPoint,
  };
  const holds = (operator: string, key: string, wanted: unknown) => {
    const listed = [wanted].flat().map(String);
    const value = values[key];
    // A negated operator holds where the key is missing.
    if (operator === "ArnNotEquals" || operator === "StringNotEquals")
      return value === undefined || !listed.includes(value);
    if (operator === "Bool" || operator === "StringEquals") return value !== undefined && listed.includes(value);
    throw new Error(`operator ${operator}`);
  };
  return policy.some(
    ({ Action, Condition = {} }) =>
      [Action].flat().includes(`elasticfilesystem:${action}`) &&
      Object.entries(Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, wanted]) => holds(operator, key, wanted)),
      ),
  );
}

const ask = (principal: string | undefined, action: Request["action"], accessPoint?: string) =>
  denied({ principal, action, accessPoint, encrypted: true });

describe("what is left", () => {
  test.each<[string, string, Request["action"], string]>([
    ["who writes", api, "ClientWrite", logs],
    ["who writes", api, "ClientMount", logs],
    ["who reads", reader, "ClientMount", logs],
    ["who reads the vault", api, "ClientMount", vault],
  ])("%s: %s %s", (_, principal, action, accessPoint) => expect(ask(principal, action, accessPoint)).toBe(false));
});

describe("what is denied, whatever a role allows", () => {
  test.each<[string, string | undefined, Request["action"], string | undefined]>([
    ["writing where one reads", reader, "ClientWrite", logs],
    ["writing to the vault (IS-9)", api, "ClientWrite", vault],
    ["the vault of another service", reader, "ClientMount", vault],
    ["an administrator", admin, "ClientMount", logs],
    ["an administrator's writing to the vault", admin, "ClientWrite", vault],
    ["a client without identity", undefined, "ClientMount", logs],
    ["the file system without an access point", api, "ClientMount", undefined],
    ["an access point made by hand", admin, "ClientMount", `${logs}2`],
    ["root", api, "ClientRootAccess", logs],
  ])("%s", (_, principal, action, accessPoint) => expect(ask(principal, action, accessPoint)).toBe(true));
});

test("without TLS nobody does anything (SA-6)", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Request["action"]>("ClientMount", "ClientWrite", "ClientRootAccess"),
      fc.constantFrom(api, reader, admin, undefined),
      fc.constantFrom(logs, vault, undefined),
      (action, principal, accessPoint) => {
        expect(denied({ action, principal, accessPoint, encrypted: false })).toBe(true);
      },
    ),
  );
});

test("nobody but the clients of a directory does anything there (SA-13)", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z]{1,8}$/).map(name => `arn:aws:iam::123456789012:role/x-${name}`),
      fc.constantFrom<Request["action"]>("ClientMount", "ClientWrite"),
      fc.constantFrom(logs, vault),
      (principal, action, accessPoint) => {
        expect(ask(principal, action, accessPoint)).toBe(true);
      },
    ),
  );
});

test("a role's permission is for one directory, and writes only if it says so (IS-9)", () => {
  expect(directoryUse(fileSystem, vault, false)).toEqual({
    Effect: "Allow",
    Action: "elasticfilesystem:ClientMount",
    Resource: fileSystem,
    Condition: { StringEquals: { "elasticfilesystem:AccessPointArn": vault } },
  });
  expect(directoryUse(fileSystem, logs, true).Action).toContain("elasticfilesystem:ClientWrite");
});
