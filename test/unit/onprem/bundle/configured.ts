// Unit tests: a bundle's parts with a configuration that was signed, as every bundle has that was made for somebody (RT-13).
import { writeConfigManifest } from "../../../../src/onprem/format/config-manifest";
import { configurationFiles, files } from "../../../../src/onprem/format/release";
import { signBlob } from "../../../../src/onprem/signing/sign";
import type { Signer } from "../../../../src/onprem/signing/signer";
import { type Draft, draft, type Plan } from "./maker";

/** @param approver signs the configuration; where that is not the vendor, its key lies in the bundle */
export async function configured(vendor: Signer, plan: Plan = {}, approver = vendor): Promise<Draft> {
  const { version = "1.4.0" } = plan;
  const contents = Object.fromEntries(configurationFiles.map(title => [title, Buffer.from(`of ${title}\n`)]));
  const about = { stack: "onprem", environment: "prod", version, buildSha: "0".repeat(40) };
  const manifest = writeConfigManifest(about, contents);
  return draft({
    ...plan,
    files: {
      ...Object.fromEntries(Object.entries(contents).map(([title, bytes]) => [title, bytes.toString("utf8")])),
      [files.configManifest]: manifest,
      [files.configManifestSignature]: await signBlob(approver, Buffer.from(manifest)),
      ...(approver !== vendor && { [files.configManifestKey]: approver.publicKeyPem }),
      ...plan.files,
    },
  });
}
