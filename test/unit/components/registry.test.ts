// Unit tests: images cannot be changed, are scanned and encrypted, and only who may push can.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Registry, type RegistryArgs } from "../../../src/components/aws/registry";
import { image } from "../../../src/workload/container";
import { only } from "../record";
import { resolved, statement } from "./reading";
import { recordTypes } from "./samples";

const repository = "aws:ecr/repository:Repository";
const lifecycle = "aws:ecr/lifecyclePolicy:LifecyclePolicy";
const policy = "aws:ecr/repositoryPolicy:RepositoryPolicy";
const types = [repository, lifecycle, policy];
const base: RegistryArgs = {
  repositories: ["sanctum/backend", "sanctum/ai-core"],
  keyArn: "arn:aws:kms:eu-central-1:111122223333:key/artifacts",
};

const build = (args: Partial<RegistryArgs> = {}) =>
  recordTypes(types, () => new Registry("registry", { ...base, ...args }));

test.each(base.repositories)("repository %s is immutable, scanned, encrypted, and kept", async of => {
  expect(only(await build(), repository, `registry-${of}`).inputs).toMatchObject({
    name: of,
    imageTagMutability: "IMMUTABLE",
    imageScanningConfiguration: { scanOnPush: true },
    encryptionConfigurations: [{ encryptionType: "KMS", kmsKey: base.keyArn }],
    forceDelete: false,
  });
});

test("a second registry in the account has names of its own", async () => {
  const registered = await build({ namespace: "production" });
  expect(registered.filter(r => r.type === repository).map(r => r.inputs.name)).toEqual([
    "production/sanctum/backend",
    "production/sanctum/ai-core",
  ]);
});

test("untagged images go after 14 days, others once there are too many", async () => {
  const { rules } = JSON.parse(
    String(only(await build({ keepImages: 30 }), lifecycle, "registry-sanctum/backend").inputs.policy),
  );
  expect(rules).toMatchObject([
    { selection: { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 14 } },
    { selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 30 } },
  ]);
  // ECR refuses a rule for `any` that is not the last.
  expect(rules[0].rulePriority).toBeLessThan(rules[1].rulePriority);
});

describe("push", () => {
  test("is IAM's decision by default: no repository policy, so nothing for other accounts", async () => {
    expect((await build()).filter(r => r.type === policy)).toEqual([]);
  });

  test("is denied to all but the pushers", async () => {
    const promotion = "arn:aws:iam::111122223333:role/promotion";
    const registered = await build({ pushers: [promotion] });
    for (const of of base.repositories) {
      const denial = statement(only(registered, policy, `registry-${of}`), "DenyPushToOthers");
      expect(denial).toMatchObject({
        Effect: "Deny",
        Principal: "*",
        Condition: { ArnNotLike: { "aws:PrincipalArn": [promotion] } },
      });
      expect(denial.Action).toEqual(expect.arrayContaining(["ecr:PutImage", "ecr:BatchDeleteImage"]));
      expect(denial.Action).not.toContain("ecr:BatchGetImage");
    }
  });
});

test("`urlOf` and `arnOf` know the repositories and name them when asked for another", async () => {
  const arns: Promise<unknown>[] = [];
  await recordTypes(types, () => {
    const registry = new Registry("registry", base);
    arns.push(resolved(registry.arnOf("sanctum/ai-core")));
    expect(() => registry.urlOf("sanctum/other")).toThrow(
      "`repository` is `sanctum/other`; there are `sanctum/backend`, `sanctum/ai-core`",
    );
  });
  expect(await Promise.all(arns)).toEqual(["arn:aws:mock:::registry-sanctum/ai-core"]);
});

test("takes every repository name a workload may have", async () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const name = fc
    .tuple(part, fc.array(fc.tuple(fc.constantFrom(".", "_", "/", "-"), part), { minLength: 1, maxLength: 4 }))
    .map(([head, tail]) => head + tail.flat().join(""));
  await fc.assert(
    fc.asyncProperty(name, async of => {
      expect(image.safeParse({ repository: of }).success).toBe(true);
      await expect(build({ repositories: [of] })).resolves.toHaveLength(3);
    }),
    { numRuns: 25 },
  );
});

test.each<[string, Partial<RegistryArgs>]>([
  ["`repositories` has `Sanctum`", { repositories: ["Sanctum"] }],
  ["`repositories` has `sanctum/backend:1`", { repositories: ["sanctum/backend:1"] }],
  ["`repositories` has `a/b` twice", { repositories: ["a/b", "a/b"] }],
  ["`keepImages` is 0", { keepImages: 0 }],
  ["`pushers` is empty", { pushers: [] }],
])("refuses: %s", async (message, args) => {
  await expect(build(args)).rejects.toThrow(message);
});
