// Reference services: their own Go tests, and that their programs and images are the same whenever they are made (RT-1).
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalog } from "../../src/catalog/catalog";
import { goEnv } from "../../toolchain/build";
import { packImage } from "../../toolchain/images";
import { run } from "../../toolchain/run";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { buildReferenceBinaries, type ReferenceImage, referenceImages, trustingImages } from "../services/images";
import { type ReferenceRepository, referenceRepositories, referenceSpec } from "../services/specs";

let directory: string;
let images: Record<ReferenceRepository, ReferenceImage>;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "palisade-services-"));
  images = await referenceImages();
}, 900_000);
afterAll(() => rmSync(directory, { recursive: true }));

test.each([["vet"], ["test", "-count=1"]])(
  "go %s finds nothing",
  async (...args) => {
    const found = await run("go", [...args, "./..."], {
      cwd: join(PROJECT_DIRECTORY, "test", "services"),
      env: goEnv,
    });
    expect(found.stdout + found.stderr).not.toMatch(/FAIL|panic|vet:/);
    expect(found.code).toBe(0);
  },
  600_000,
);

test("programs and images made anew, elsewhere, are the same to the last bit", async () => {
  const bin = join(directory, "bin");
  await buildReferenceBinaries(bin);
  for (const repository of ["iss/module", "router/poller"] as const) {
    const again = await packImage(referenceSpec(repository, bin), join(directory, repository));
    expect(again.digest).toBe(images[repository].digest);
  }
  expect(readFileSync(join(bin, "iss-api")).includes(PROJECT_DIRECTORY)).toBe(false);
}, 600_000);

interface Config {
  config: { User: string; Entrypoint: string[]; WorkingDir: string };
}

function configOf({ layout, digest }: ReferenceImage): Config {
  const blob = (name: string) => JSON.parse(readFileSync(join(layout, "blobs", name.replace(":", "/")), "utf8"));
  return blob(blob(digest).config.digest);
}

const services = [...catalog.values()].flatMap(({ services }) => Object.values(services).map(({ image }) => image));

test("images that trust another authority hold the same programs, and that in a layer of its own", async () => {
  const trusting = await trustingImages(join(directory, "trusting"), "-----BEGIN CERTIFICATE-----\n");
  const manifestOf = ({ layout, digest }: ReferenceImage) =>
    JSON.parse(readFileSync(join(layout, "blobs", digest.replace(":", "/")), "utf8")) as { layers: unknown[] };
  const [plain, other] = [manifestOf(images["router/poller"]), manifestOf(trusting["router/poller"])];
  expect(other.layers.slice(0, -1)).toEqual(plain.layers);
});

describe("images and the catalogue agree", () => {
  test("each service has an image, and no image is of none", () => {
    expect([...referenceRepositories].sort()).toEqual(["test/peers", ...services.map(s => s.repository)].sort());
  });

  test.each(services)("$repository starts as the catalogue says, as its user", ({ repository, user, command }) => {
    const { config } = configOf(images[repository as ReferenceRepository]);
    expect(config.User).toBe(`${user}:${user}`);
    if (command) expect(config.Entrypoint).toEqual(command);
  });
});
