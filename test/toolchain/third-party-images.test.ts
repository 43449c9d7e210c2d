// The images for tests: made twice from the same they are the same; each is nobody's root, and the small ones start (RT-12, RT-27).
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parsePlan } from "../../toolchain/debian";
import { packImage } from "../../toolchain/images";
import { egressProxyImage } from "../images/egress-proxy/image";
import { thirdPartyImages } from "../images/third-party";
import { unpackImage } from "./contained";

test("apt's plan is read by package and file", () => {
  const plan = [
    "Reading package lists...",
    "'http://a/pool/libc6_2.41-12%2bdeb13u4_amd64.deb' libc6_2.41-12+deb13u4_amd64.deb 2847000 SHA256:00",
    "'http://b/zlib1g_1.3-1_amd64.deb' zlib1g_1%3a1.3-1_amd64.deb 88720 ",
  ].join("\n");
  expect(parsePlan(plan)).toEqual([
    { name: "libc6", file: "libc6_2.41-12+deb13u4_amd64.deb" },
    { name: "zlib1g", file: "zlib1g_1%3a1.3-1_amd64.deb" },
  ]);
});

test("the egress proxy's image starts without a configuration only to refuse it, and is the same when packed again", async () => {
  const { layout, digest } = (await thirdPartyImages(["egress-proxy"]))["egress-proxy"];
  const manifest = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as { manifests: { digest: string }[] };
  expect(manifest.manifests.map(entry => entry.digest)).toEqual([digest]);
  const image = await unpackImage(layout);
  const again = join(tmpdir(), `palisade-again-${process.pid}`);
  try {
    expect(image.config.User).toBe("65532:65532");
    const { ended, output } = image.start();
    expect(await ended).toBe(1);
    expect(output()).toContain("EGRESS_ACL is not an access list");
    expect((await packImage(egressProxyImage(join(image.root, "egress-proxy")), again)).digest).toBe(digest);
  } finally {
    image.remove();
    rmSync(again, { recursive: true, force: true });
  }
}, 300_000);
