// PF-3, RT-9: the installer's own `verify`, and the command to type again: as it was typed, every option of it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { main } from "../../../../src/onprem/installer/main";
import { typed } from "../../../../src/onprem/installer/typed";
import { keepPrinted } from "../../cli/printed";
import { configured } from "../bundle/configured";
import { make, throwAwaySigner } from "../bundle/maker";

const directory = mkdtempSync(join(tmpdir(), "palisade-commands-"));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string) => join(directory, name);
const signer = throwAwaySigner();
const made = await make(signer, await configured(signer));
writeFileSync(at("good.tar"), made.bytes);
writeFileSync(at("bad.tar"), made.bytes.subarray(0, -1));
writeFileSync(at("vendor.pub"), signer.publicKeyPem);
writeFileSync(at("our values.yaml"), "");
const trusted = ["--key", at("vendor.pub"), "--config-key", at("vendor.pub")];

const printed = keepPrinted();

test("verify says what a good bundle holds, to people and to machines", async () => {
  expect(await main(["verify", at("good.tar"), ...trusted])).toBe(0);
  const rows = Object.fromEntries(printed.stdout.split("\n").map(line => line.split(/ {2,}/)));
  expect(rows).toMatchObject({ version: "1.4.0", stack: "onprem (prod)", index: made.indexDigest });
  printed.stdout = "";
  expect(await main(["verify", at("good.tar"), ...trusted, "--json"])).toBe(0);
  expect(JSON.parse(printed.stdout)).toMatchObject({ version: "1.4.0", index: made.indexDigest });
});

test("verify refuses what was altered", async () => {
  const words = ["verify", at("bad.tar"), ...trusted];
  expect(await main(words)).toBe(1);
  expect(printed.stdout).toBe("");
  expect(printed.stderr).toMatch(/bad\.tar is refused: it has \d+ bytes: 1 are missing\./);
  expect(printed.stderr).toContain(`Then type: ${typed(words)}\n`);
});

test.each([["install"], ["upgrade"], ["plan"], ["plan", "--grant"], ["grant"], ["serve"], ["import"]])(
  "%s %s that refuses a bundle tells the whole command again",
  async (command, ...more) => {
    const place = ["--values", at("our values.yaml"), "--registry", "registry.example.com/customer"];
    const words = [command, at("bad.tar"), ...more, ...trusted, ...place, "--registry-auth", at("auth.json")];
    expect(await main(words)).toBe(1);
    expect(printed.stderr).toContain(
      `\nThen type: palisade ${command} ${[at("bad.tar"), ...more, ...trusted].join(" ")} --values '${at("our values.yaml")}' --registry registry.example.com/customer --registry-auth ${at("auth.json")}\n`,
    );
  },
);

test("a word that a shell would read otherwise is quoted", () => {
  expect(typed(["grant", "a b.tar", "--key", "it's", "--ctr", "k3s ctr", "$(x)", ""])).toBe(
    "palisade grant 'a b.tar' --key 'it'\\''s' --ctr 'k3s ctr' '$(x)' ''",
  );
});
