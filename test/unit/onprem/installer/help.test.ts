// SA-8: what --help says of supplied secrets is what the installer takes.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { main } from "../../../../src/onprem/installer/main";
import { readSecretsFile } from "../../../../src/onprem/secrets/secrets-file";

afterEach(() => vi.restoreAllMocks());

async function helpOf(command: string): Promise<string> {
  const written: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation(text => written.push(String(text)) > 0);
  expect(await main([command, "--help"])).toBe(0);
  vi.restoreAllMocks();
  return written.join("");
}

test.each(["install", "upgrade"])(
  "%s says the three ways, and the line of the file is one that is read",
  async command => {
    const help = await helpOf(command);
    expect(help).toContain("PALISADE_SECRET_ROUTER_TELEGRAM_BOT_TOKEN");
    expect(help).toContain("a Secret with keys such as router.TELEGRAM_BOT_TOKEN");
    const [, line = ""] = /--secrets FILE, of mode 0600, with lines such as: +(.+)/.exec(help) ?? [];
    const directory = mkdtempSync(join(tmpdir(), "palisade-help-"));
    try {
      const path = join(directory, "secrets.yaml");
      writeFileSync(path, `${line}\n`, { mode: 0o600 });
      expect([...(await readSecretsFile(path)).keys()]).toEqual(["router.TELEGRAM_BOT_TOKEN"]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);

test("rollback says that typed again it changes nothing, and how to go further", async () => {
  const help = (await helpOf("rollback")).replaceAll(/\s+/g, " ");
  expect(help).toMatch(
    /--to <version>.*default: what ran before the last upgrade.*Typed again without it, nothing is changed/,
  );
});
