// An image built on the spot, against mocks: neither a Docker daemon nor its plugin can be had where the tests run.
import type * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { digestOf, ImageBuild, type ImageBuildArgs } from "../../../src/components/aws/image-build";
import { only, record } from "../record";
import { digest } from "./samples";

const type = "docker:index/image:Image";

async function build(changes: Partial<ImageBuildArgs> = {}) {
  let built: pulumi.Output<string> | undefined;
  const all = await record(
    {
      types: [type],
      calls: { "aws:ecr/getAuthorizationToken:getAuthorizationToken": { userName: "AWS", password: "token" } },
      outputs: { [type]: () => ({ repoDigest: `registry/notes/api@${digest}` }) },
    },
    () => {
      const args = { repositoryUrl: "registry/notes/api", context: "../notes", push: true, ...changes };
      built = new ImageBuild("notes-api-image", args).digest;
    },
  );
  return { inputs: only(all, type).inputs, digest: await new Promise(resolve => built?.apply(resolve)) };
}

test("is pushed to its repository, and known by its digest from then on (RT-1)", async () => {
  const { inputs, digest: found } = await build({ dockerfile: "../notes/Dockerfile" });
  expect(inputs).toMatchObject({
    imageName: "registry/notes/api:dev",
    build: { context: "../notes", dockerfile: "../notes/Dockerfile", platform: "linux/amd64" },
    skipPush: false,
  });
  expect(found).toBe(digest);
});

test("the registry's password is a secret (PF-7)", async () => {
  const { inputs } = await build();
  expect(JSON.stringify(inputs.registry)).toContain("1b47061264138c4ac30d75fd1eb44270");
});

test("where the registry is none, nothing is pushed and nobody asked for a password", async () => {
  const { inputs } = await build({ push: false });
  expect(inputs).toMatchObject({ skipPush: true });
  expect(inputs.registry).toBeUndefined();
});

describe("the digest", () => {
  test.each([
    [digest, digest],
    [`registry/notes/api@${digest}`, digest],
  ])("of %s", (reference, expected) => expect(digestOf(reference)).toBe(expected));

  test.each(["", "registry/notes/api:dev", `${digest}x`])("`%s` has none", reference =>
    expect(() => digestOf(reference)).toThrow("`repoDigest`"),
  );
});
