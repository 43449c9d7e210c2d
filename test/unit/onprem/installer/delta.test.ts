// PF-3, RT-9: a delta needs its base, whatever the installer is to do with it: no registry, and no image in it, stands in for the base.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { closureOf } from "../../../../src/onprem/format/closure";
import { openTarget } from "../../../../src/onprem/installer/bundle-target";
import { runGrant } from "../../../../src/onprem/installer/run";
import { runImport, runServe } from "../../../../src/onprem/installer/serve";
import { typed } from "../../../../src/onprem/installer/typed";
import { draft, make, throwAwaySigner } from "../bundle/maker";

const directory = mkdtempSync(join(tmpdir(), "palisade-delta-"));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string) => join(directory, name);

const signer = throwAwaySigner();
const layers = { "a/b": [Buffer.from("old")], "c/d": [Buffer.from("unchanged")] };
const old = await make(signer, draft({ version: "1.0.0", images: layers }));
const plan = {
  version: "1.1.0",
  images: { ...layers, "a/b": [Buffer.from("new")] },
  base: { index: old.indexDigest, version: "1.0.0" },
};
const delta = await make(signer, draft(plan), new Set(closureOf(old.index, old.manifests).map(({ digest }) => digest)));
writeFileSync(at("delta.tar"), delta.bytes);
writeFileSync(at("vendor.pub"), signer.publicKeyPem);
const options = { key: at("vendor.pub") };
const typedAs = (command: string) => typed([command, at("delta.tar"), "--key", options.key]);

test.each<[string, () => Promise<unknown>]>([
  ["upgrade", () => openTarget(at("delta.tar"), options, typedAs("upgrade"), () => undefined)],
  ["grant", () => runGrant(at("delta.tar"), options, typedAs("grant"))],
  ["serve", () => runServe(at("delta.tar"), { ...options, listen: "127.0.0.1:0" }, typedAs("serve"))],
  ["import", () => runImport(at("delta.tar"), { ...options, ctr: "ctr" }, typedAs("import"))],
])("%s refuses a delta alone, and names its base and the command", async (command, run) => {
  const refused = run();
  await expect(refused).rejects.toThrow(
    `delta.tar is refused: it is a delta on version "1.0.0" (${old.indexDigest}), and no base was given.`,
  );
  await expect(refused).rejects.toThrow(
    new RegExp(`\\nThen type: palisade ${command} ${at("delta.tar")}.* --base FILE$`),
  );
});
