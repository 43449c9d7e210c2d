// Tests of the documentation: a small stack becomes a bundle, from a registry on loopback, as docs/bundle.md says.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureCosign } from "../../../toolchain/signing-tools";
import { ensureToolchain, toolchainEnv } from "../../../toolchain/toolchain";
import { type RealRegistry, startRegistry } from "../../toolchain/real-registry";
import { provenanceOf, pushImages, writeStack } from "../../toolchain/small-stack";
import { type Clone, openClone } from "../clone";
import { blockAfter, blocks, commands, pattern, transcripts } from "../markdown";
import { succeeded, type Typing, type, typed } from "../typing";
import { installing } from "./installing";

const page = "docs/bundle.md";

export function bundle(): void {
  describe.sequential("a bundle, with a registry on loopback", () => {
    const of = (part: string) => {
      const found = blocks(page)
        .flatMap(commands)
        .find(command => command.includes(part));
      if (!found) throw new Error(`${page} has no command with ${part}`);
      return found;
    };
    let clone: Clone;
    let registry: RealRegistry;
    let env: NodeJS.ProcessEnv;
    let as: Typing;

    beforeAll(async () => {
      clone = await openClone();
      registry = await startRegistry();
      const { PATH, PULUMI_HOME } = toolchainEnv(await ensureToolchain());
      env = {
        PATH: `${dirname(await ensureCosign())}:${PATH}`,
        PULUMI_HOME,
        PULUMI_BACKEND_URL: `file://${clone.room}`,
        PULUMI_CONFIG_PASSPHRASE: "",
        PULUMI_SKIP_CONFIRMATIONS: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PALISADE_KEY_PASSPHRASE: "of the documentation",
        KUBECONFIG: "/nowhere",
      };
      as = {
        env,
        put: [
          ["registry.example.com", registry.address],
          ["-out vendor.key", "-pass env:PALISADE_KEY_PASSPHRASE -out vendor.key"],
          ["-pubout", "-passin env:PALISADE_KEY_PASSPHRASE -pubout"],
        ],
      };
      const git = "git -c user.name=Test -c user.email=test@example.com commit --quiet --message release";
      succeeded(await clone.type(`git init --quiet && git add package.json && ${git} && git tag v1.4.0`));
      await images("1");
      succeeded(await clone.type("pulumi stack init onprem", { env }));
    });
    afterAll(async () => {
      await registry?.stop();
      await clone?.close();
    });

    async function images(version: string): Promise<void> {
      const digests = await pushImages(join(clone.room, `images-${version}`), registry.address, version);
      await writeStack(clone.directory, "onprem", digests);
      writeFileSync(join(clone.directory, "provenance.json"), JSON.stringify(provenanceOf(digests)));
    }

    async function printed(command: string): Promise<void> {
      const result = await type(clone, [command], as);
      succeeded(result);
      expect(result.stdout).toMatch(pattern(transcripts(page).get(command) ?? "nothing"));
    }

    test("a key is made, a stack rendered, and a bundle made and verified as the page shows", async () => {
      succeeded(await type(clone, [of("openssl genpkey"), of("openssl pkey")], as));
      expect(readFileSync(join(clone.directory, "vendor.key"), "utf8")).toContain("BEGIN ENCRYPTED PRIVATE KEY");
      succeeded(await type(clone, [of("palisade:release.buildSha"), of("pulumi up")], as));
      await printed(of("--out onprem-1.4.0.tar"));
      await printed(of("verify onprem-1.4.0.tar"));
    });

    test("stock tools agree", async () => {
      const result = await type(clone, [of("tar -xf"), of("index.json.sigstore.json --insecure")], as);
      succeeded(result);
      expect(result.stdout).toContain("Verified OK");
    });

    test("the installer is given out with a signature that cosign accepts", async () => {
      succeeded(await type(clone, [of("palisade installer"), of("installer/palisade-linux-amd64")], as));
    });

    installing(() => ({ clone, registry: registry.address, env }));

    test("the file of the pipelines is of the form that is asked for", () => {
      const shown = JSON.parse(blockAfter(page, "### Who built", "json"));
      const [name = "", facts = {}] = Object.entries(shown.images)[0] ?? [];
      const made = provenanceOf({ [name]: "" });
      expect(Object.keys(shown)).toEqual(Object.keys(made));
      expect(Object.keys(facts as object)).toEqual(Object.keys(made.images[name] ?? {}));
    });

    test("a delta and parts are made and verified", async () => {
      await images("2");
      const again = [of("palisade:release.buildSha"), of("pulumi up").replace("up", "up --refresh")];
      succeeded(await clone.type(again.join(" && "), { env }));
      succeeded(await type(clone, [of("--since"), of("--base")], as));
      succeeded(await type(clone, [of("--split"), of("tar.001")], as));
    });

    test("no command of the page was left out", () => {
      expect(
        blocks(page)
          .flatMap(commands)
          .filter(command => !typed.has(command)),
      ).toEqual([]);
    });
  });
}
