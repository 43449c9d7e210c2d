// RT-9: an image is taken only with the vendor's signature and the vendor's word on how it was built, whole, and wherever the image is to go.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { imageSignature, provenance } from "../../../../src/onprem/attest/statements";
import { openBundle } from "../../../../src/onprem/bundle/open";
import { planImages } from "../../../../src/onprem/images/plan";
import { imageCheck } from "../../../../src/onprem/images/verify";
import type { Target } from "../../../../src/onprem/install/parts";
import { imagesPart } from "../../../../src/onprem/installer/images-part";
import { buildTypes } from "../../../../src/onprem/signing/provenance";
import { signStatement } from "../../../../src/onprem/signing/sign";
import type { Statement } from "../../../../src/onprem/signing/statement";
import { verifyStatement } from "../../../../src/onprem/signing/verify";
import { draft, make, throwAwaySigner } from "../bundle/maker";
import { MadeBundle, PROVENANCE, SIGNATURE } from "./image-bundle";

const root = mkdtempSync(join(tmpdir(), "palisade-image-check-"));
afterAll(() => rmSync(root, { recursive: true }));
const signer = throwAwaySigner();
const { publicKeyPem } = signer;

const facts = {
  builderId: "https://ci.example.com/builders/1",
  pipelineId: "https://ci.example.com/runs/7",
  source: "git+https://git.example.com/a",
  gitSha: "0123456789abcdef0123456789abcdef01234567",
  parameters: {},
};

/** Checks an image whose provenance, signed by the vendor, is what `change` makes of a good one. */
async function checked(change: (said: Statement) => unknown): Promise<void> {
  const bundle = new MadeBundle(root);
  const image = bundle.image("a", [bundle.layer(10)], []);
  const [named] = bundle.index.manifests;
  if (!named) throw new Error("no image");
  const said = provenance(buildTypes.image, [{ name: "a", digest: image.digest }], facts);
  change(said);
  bundle.attach(named, SIGNATURE, await signStatement(signer, imageSignature(image.digest)));
  bundle.attach(named, PROVENANCE, await signStatement(signer, said));
  const check = imageCheck(bundle, (text, expected) => verifyStatement(publicKeyPem, text, expected));
  for (const planned of await planImages(bundle)) await check(planned);
}

interface Said {
  buildDefinition: Record<string, unknown> & { resolvedDependencies: { uri?: string; digest?: object }[] };
  runDetails: Record<string, unknown>;
}
const inside = (change: (said: Said) => unknown) => (said: Statement) => change(said.predicate as unknown as Said);

test("provenance as a pipeline gives it is accepted", async () => {
  await checked(() => undefined);
});

test.each<[string, (said: Statement) => unknown, RegExp]>([
  ["nothing", said => delete said.predicate, /provenance: .*"the whole"/],
  ["an empty word", said => Object.assign(said, { predicate: {} }), /"buildDefinition"/],
  ["more than is known", inside(said => Object.assign(said, { more: 1 })), /"the whole"/],
  [
    "a build of another kind",
    inside(({ buildDefinition }) => Object.assign(buildDefinition, { buildType: buildTypes.bundle })),
    /"buildDefinition\.buildType"/,
  ],
  [
    "no source",
    inside(({ buildDefinition }) => buildDefinition.resolvedDependencies.splice(0)),
    /"buildDefinition\.resolvedDependencies/,
  ],
  [
    "half a commit",
    inside(({ buildDefinition: { resolvedDependencies } }) =>
      Object.assign(resolvedDependencies[0] ?? {}, { digest: { gitCommit: "0123456789ab" } }),
    ),
    /gitCommit"/,
  ],
  [
    "no commit",
    inside(({ buildDefinition: { resolvedDependencies } }) => delete resolvedDependencies[0]?.digest),
    /resolvedDependencies\.0\.digest"/,
  ],
  ["no builder", inside(({ runDetails }) => delete runDetails.builder), /"runDetails\.builder"/],
  [
    "an empty builder",
    inside(({ runDetails }) => Object.assign(runDetails, { builder: { id: "" } })),
    /"runDetails\.builder\.id"/,
  ],
  ["no run", inside(({ runDetails }) => delete runDetails.metadata), /"runDetails\.metadata"/],
  [
    "an empty run",
    inside(({ runDetails }) => Object.assign(runDetails, { metadata: { invocationId: "" } })),
    /"runDetails\.metadata\.invocationId"/,
  ],
])("provenance that says %s is refused, though the vendor signed it", async (_, change, message) => {
  await expect(checked(change)).rejects.toThrow(/^image a@sha256:\w+ is refused: its provenance: /);
  await expect(checked(change)).rejects.toThrow(message);
});

test("images that are brought nowhere are held to the same", async () => {
  const path = join(root, "bundle.tar");
  writeFileSync(path, (await make(signer, draft())).bytes);
  const bundle = await openBundle(path, { publicKeyPem });
  try {
    const none = () => {
      throw new Error("no registry is asked");
    };
    const target = {} as Target;
    const images = imagesPart({ bundle, publicKeyPem, target }, none, { imagesTo: "none", ctr: "ctr" });
    const work = { progress: () => undefined, say: () => undefined, cancelled: new AbortController().signal };
    await expect(images(target, work)).rejects.toThrow(
      /palisade\/collector@sha256:\w+ is refused: it has no signature/,
    );
  } finally {
    await bundle.close();
  }
});
