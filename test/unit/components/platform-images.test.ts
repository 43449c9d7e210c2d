import type * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { PlatformImages } from "../../../src/components/aws/platform-images";
import { only, record } from "../record";
import { digest } from "./samples";

const types = ["aws:ecr/repository:Repository", "aws:ecr/lifecyclePolicy:LifecyclePolicy"];
const outputs = {
  "aws:ecr/repository:Repository": ({ name }: Record<string, unknown>) => ({ repositoryUrl: `registry/${name}` }),
};

test("a repository for each image that has a digest, and references by digest (RT-1)", async () => {
  let reference: pulumi.Output<string> | undefined;
  const all = await record({ types, outputs }, () => {
    const images = new PlatformImages("p", { digests: { "log-shipper": digest }, namespace: "dev", keyArn: "arn:key" });
    ({ reference } = images.find("log-shipper"));
    expect(() => images.find("egress-proxy")).toThrow("`digests` has none for `egress-proxy`");
  });
  expect(only(all, "aws:ecr/repository:Repository").inputs.name).toBe("dev/palisade/log-shipper");
  expect(await new Promise(resolve => reference?.apply(resolve))).toBe(`registry/dev/palisade/log-shipper@${digest}`);
});

test("a stack that needs none has no repositories", async () => {
  const all = await record({ types: [] }, () => new PlatformImages("p", { digests: {}, keyArn: "arn:key" }));
  expect(all.map(r => r.type)).toEqual(["palisade:aws:PlatformImages"]);
});
