// What an image holds, by the real syft: found in a layout, the same bytes each time, with no network (RT-8, RT-9).
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { licencesOf } from "../../src/onprem/attest/bom";
import { imageLicencesText } from "../../src/onprem/attest/image-licences";
import { sbomOf } from "../../src/onprem/attest/sbom";
import { sbomPage } from "../../src/onprem/attest/sbom-page";
import { mediaTypes } from "../../src/onprem/format/descriptor";
import { type PackedImage, packImage } from "../../toolchain/images";
import { ensureSyft } from "../../toolchain/signing-tools";
import { thirdPartyImages } from "../images/third-party";

const about = { repository: "sanctum/backend", createdAt: "2026-01-02T03:04:05Z" };
const status = `Package: zlib1g
Status: install ok installed
Architecture: amd64
Source: zlib
Version: 1:1.3.1-1
Maintainer: Someone <someone@example.com>
Description: compression

`;
const files = [
  { path: "/etc/os-release", content: 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian 13"\n' },
  { path: "/var/lib/dpkg/status", content: status },
  { path: "/usr/share/doc/zlib1g/copyright", content: "Files: *\nCopyright: none\nLicense: Zlib\n" },
  {
    path: "/app/node_modules/left-pad/package.json",
    content: '{"name":"left-pad","version":"1.3.0","license":"WTFPL"}',
  },
];

let root: string;
let image: PackedImage;
beforeAll(async () => {
  await ensureSyft();
  root = mkdtempSync(join(tmpdir(), "palisade-sbom-test-"));
  image = await packImage({ layers: [{ files }], entrypoint: ["/app"], user: "65532:65532" }, join(root, "layout"));
}, 1_200_000);
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const descriptor = () => ({ mediaType: mediaTypes.manifest, digest: image.digest, size: image.size });

/** In a cache and a temporary directory of its own; syft itself is where it is. */
const freshly = async () => {
  const syft = dirname(await ensureSyft());
  const [cache, temporary] = [mkdtempSync(join(root, "cache-")), mkdtempSync(join(root, "tmp-"))];
  symlinkSync(syft, join(cache, basename(syft)));
  vi.stubEnv("PALISADE_CACHE", cache);
  vi.stubEnv("TMPDIR", temporary);
  const bom = await sbomOf(join(root, "layout"), descriptor(), about);
  return { bom, cache, temporary };
};

test("packages of the system and of a language are found, with licences, and nothing of this machine", async () => {
  const { bom } = await freshly();
  const found = Object.fromEntries(bom.components.map(each => [each.name, [each.version, ...licencesOf(each)]]));
  expect(found).toMatchObject({ zlib1g: ["1:1.3.1-1", "Zlib"], "left-pad": ["1.3.0", "WTFPL"] });
  expect(bom.metadata.component).toMatchObject({ name: "sanctum/backend", version: image.digest });
  expect(JSON.stringify(bom)).not.toContain(root);
  const text = imageLicencesText([{ repository: about.repository, bom }]);
  expect(text).toContain("Zlib\n  zlib1g 1:1.3.1-1 (sanctum/backend)");
  const head = { stack: "onprem", environment: "onprem", version: "1.2.3", createdAt: about.createdAt };
  const page = sbomPage(head, [{ repository: about.repository, digest: image.digest, file: "a.cdx.json", bom }]);
  expect(page).toContain("<td>zlib1g</td><td>1:1.3.1-1</td><td>deb</td><td>Zlib</td>");
});

test("an image of Debian's packages says what they are", { timeout: 600_000 }, async () => {
  const { layout, digest } = (await thirdPartyImages(["postgres"])).postgres;
  const { size } = statSync(join(layout, "blobs", "sha256", digest.replace("sha256:", "")));
  const about = { repository: "postgresql", createdAt: "2026-01-02T03:04:05Z" };
  const { components } = await sbomOf(layout, { mediaType: mediaTypes.manifest, digest, size }, about);
  const packages = components.filter(({ purl }) => purl?.startsWith("pkg:deb/debian/"));
  const versions = Object.fromEntries(packages.map(({ name, version }) => [name, version]));
  expect(versions).toMatchObject({
    "base-files": expect.stringMatching(/^13/),
    "postgresql-17": expect.stringMatching(/^17\.\d+-/),
    "postgresql-17-pgvector": expect.stringMatching(/^0\.\d+\.\d+-/),
    libc6: expect.stringMatching(/^2\.\d+-/),
  });
  // What was left out is not said to be there.
  expect(versions).not.toHaveProperty("perl-base");
});

test("two runs of syft give the same bytes; the second time it is not asked at all", async () => {
  const first = await freshly();
  const second = await freshly();
  expect(JSON.stringify(second.bom)).toBe(JSON.stringify(first.bom));
  const kept = readdirSync(second.cache).filter(name => name.startsWith("sbom-"));
  expect(kept).toHaveLength(1);
  expect(await sbomOf(join(root, "nowhere"), descriptor(), about)).toEqual(second.bom);
});

test("an image that is not whole is refused, and leaves nothing", async () => {
  const { cache, temporary } = await freshly();
  const missing = { ...descriptor(), digest: `sha256:${"ab".repeat(32)}` };
  await expect(sbomOf(join(root, "layout"), missing, about)).rejects.toThrow(/syft cannot read the image sha256:abab/);
  expect(readdirSync(cache).filter(name => name.includes("abab"))).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
});
