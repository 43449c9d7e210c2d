// Toolchain tests: one making in a process of its own, to be killed or watched. Arguments: registry, images as JSON, key, file, the
// base of a delta, the size of a part, and a file that is signed and goes along; the last three may be empty.
import { join } from "node:path";
import { bundle } from "../../src/cli/bundle";
import { fileContent } from "../../src/onprem/make/content";
import type { ReleaseFile } from "../../src/onprem/make/plan";
import { signHashed } from "../../src/onprem/signing/sign";
import type { Signer } from "../../src/onprem/signing/signer";
import { facts, files, statementOn } from "../unit/onprem/make-inputs";

const [, , from = "", images = "[]", key = "", out = "", since, split, along] = process.argv;
const options = { stack: "onprem", from, key, out, releaseVersion: since ? "1.2.4" : "1.2.3", json: true };
const auth = { registryAuth: join(key, "..", "auth.json"), since: since || undefined, split: split || undefined };
void bundle({ ...options, ...auth }, async (_, version) => ({
  facts: { ...facts, version },
  images: JSON.parse(images),
  rest: async (collected, signer) => ({
    files: [...files, ...(along ? await signed(along, signer) : [])],
    attachments: collected.images.map(({ descriptor }) => statementOn(descriptor)),
  }),
}));

async function signed(path: string, signer: Signer): Promise<ReleaseFile[]> {
  const content = await fileContent(path);
  const signature = await signHashed(signer, Buffer.from(content.digest.replace("sha256:", ""), "hex"));
  return [
    { title: "installer/x", content },
    { title: "installer/x.sigstore.json", content: Buffer.from(signature) },
  ];
}
