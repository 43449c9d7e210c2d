// Tests of the documentation: the dev stack by hand: locked, looked at, and with its passphrase lost.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalStack, openLocalStack, PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { ensureToolchain } from "../../../toolchain/toolchain";
import { type Clone, openClone } from "../clone";
import { succeeded, symptom, type } from "../typing";

export function devStack(): void {
  describe.sequential("the dev stack, by hand", () => {
    const zoneOnly = "--target '**SaasFoundation::*' --target '**zone:Zone**'";
    let clone: Clone;
    let stack: LocalStack;
    const locks = () => {
      const directory = join(clone.directory, ".palisade", "state", ".pulumi", "locks");
      const all = existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: "utf8" }) : [];
      return all.filter(file => file.endsWith(".json"));
    };
    beforeAll(async () => {
      clone = await openClone();
      succeeded(await clone.type("npx palisade sandbox up"));
      // As `npm start` makes it, before it creates anything.
      stack = await openLocalStack({
        name: "dev",
        directory: join(clone.directory, ".palisade"),
        tools: await ensureToolchain(),
        localAws: clone.localAws,
        project: clone.directory,
      });
    });
    afterAll(() => clone.close());

    test("an engine that was killed leaves a lock, and the message says what to type", async () => {
      const engine: ChildProcess = spawn(
        stack.tools.engine,
        ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev", "--config-file", stack.configFile],
        { cwd: clone.directory, env: stack.env, stdio: "ignore" },
      );
      while (locks().length === 0 && engine.exitCode === null) await sleep(20);
      engine.kill("SIGKILL");
      await once(engine, "close");
      expect(locks()).toHaveLength(1);

      const refused = await clone.type("npm start");
      expect(refused.code).toBe(1);
      expect(refused.stdout).toMatch(symptom("runbooks/stack-locked.md"));
      expect(refused.stdout).toContain('eval "$(npx palisade env)" && pulumi cancel --yes --stack dev');
    });

    test("the lock is taken away, and the stack can be updated", async () => {
      succeeded(await type(clone, ['eval "$(npx palisade env)"', "pulumi cancel --yes --stack dev"]));
      expect(locks()).toEqual([]);
      succeeded(
        await type(
          clone,
          [
            'eval "$(npx palisade env)"',
            "pulumi refresh --clear-pending-creates --stack dev --config-file .palisade/config/Pulumi.dev.yaml",
          ],
          { env: { PULUMI_SKIP_CONFIRMATIONS: "true" } },
        ),
      );
      const up = `pulumi up --yes --skip-preview --non-interactive --stack dev --config-file '${stack.configFile}' ${zoneOnly}`;
      succeeded(await clone.type(`eval "$(npx palisade env)" && ${up}`));
    });

    test("`pulumi` sees the stack and leaves the committed files alone", async () => {
      const result = await type(
        clone,
        [
          'eval "$(npx palisade env)"',
          "pulumi stack --stack dev",
          "pulumi preview --diff --stack dev --config-file .palisade/config/Pulumi.dev.yaml",
        ],
        { env: { PULUMI_SKIP_UPDATE_CHECK: "true" } },
      );
      succeeded(result);
      expect(result.stdout).toMatch(/Current stack is dev/);
      expect(result.stdout).toMatch(/\+ \d+ to create/);
      const of = (directory: string) => readFileSync(join(directory, "Pulumi.dev.yaml"), "utf8");
      expect(of(clone.directory)).toBe(of(PROJECT_DIRECTORY));
    });

    test("the name servers of the zone are in the state", async () => {
      const command = "pulumi stack export --stack dev | grep -A 5 '\"nameServers\": \\['";
      const result = await type(clone, ['eval "$(npx palisade env)"', command]);
      succeeded(result);
      expect(result.stdout).toMatch(/"ns-/);
    });

    test("a lost passphrase is named; what the page says makes room for a new stack", async () => {
      writeFileSync(join(clone.directory, ".palisade", "passphrase"), "another one");
      const refused = await clone.type("npm start");
      expect(refused.code).toBe(1);
      expect(refused.stdout).toMatch(symptom("runbooks/passphrase-lost.md"));
      succeeded(await type(clone, ["npx palisade sandbox down", "rm -r .palisade"]));
      succeeded(await clone.type("npx palisade sandbox up"));
    });
  });
}
