// Unit tests: a service role trusts one service under a condition, and is given out with its permissions in place.
import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { serviceRole } from "../../../src/components/aws/service-role";
import { only } from "../record";
import { policyOf, resolved } from "./reading";
import { recordTypes } from "./samples";

const role = "aws:iam/role:Role";
const rolePolicy = "aws:iam/rolePolicy:RolePolicy";

test("trusts the service on the condition, and permits what it is given", async () => {
  const arns: Promise<unknown>[] = [];
  const registered = await recordTypes([role, rolePolicy], () => {
    const parent = new pulumi.ComponentResource("palisade:test:Parent", "parent");
    const arn = serviceRole(
      "writer",
      {
        service: "firehose.amazonaws.com",
        condition: { StringEquals: { "sts:ExternalId": "111122223333" } },
        permissions: [{ Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::b/*" }],
      },
      parent,
    );
    arns.push(resolved(arn));
  });
  expect(policyOf(only(registered, role), "assumeRolePolicy")).toEqual([
    {
      Effect: "Allow",
      Principal: { Service: "firehose.amazonaws.com" },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "sts:ExternalId": "111122223333" } },
    },
  ]);
  expect(only(registered, rolePolicy).inputs.role).toBe("writer-id");
  expect(policyOf(only(registered, rolePolicy))).toEqual([
    { Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::b/*" },
  ]);
  expect(await Promise.all(arns)).toEqual(["arn:aws:mock:::writer"]);
});
