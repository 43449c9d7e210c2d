// Rendered files before those who judge them for a living: the loader of `docker compose`, and systemd's own analysis.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { composeFile } from "../../src/render/compose";
import { systemdUnits } from "../../src/render/systemd";
import { onPath } from "../../toolchain/find";
import { goProgram } from "../../toolchain/go-program";
import { run } from "../../toolchain/run";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { context, images, sample } from "../unit/render/samples";

const palisade = join(PROJECT_DIRECTORY, "bin", "palisade.mjs");
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "palisade-render-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("the Compose file", () => {
  let loader: string;
  let file: string;
  beforeAll(async () => {
    loader = await goProgram({ name: "compose-check", module: join(__dirname, "compose-check") });
    file = join(directory, "compose.yaml");
    writeFileSync(file, stringify(composeFile(sample, { ...context, images })));
  });

  test("is understood, with everything the operator gives", async () => {
    const given = ["REGISTRY=registry.example", "SITE=here", "DATABASE_HOST=db", "SECRET_KEY=value-of-the-secret"];
    const { code, stdout, stderr } = await run(loader, [file, ...given]);
    expect(code, stderr).toBe(0);
    const { services } = JSON.parse(stdout) as { services: Record<string, { environment: object; image: string }> };
    expect(services.api).toMatchObject({
      image: expect.stringMatching(/^registry\.example\/sample\/api@sha256:/),
      environment: { SECRET_KEY: "value-of-the-secret", PRICE: "$5" },
      healthcheck: { test: ["CMD-SHELL", expect.stringContaining("https://127.0.0.1:8000/health")] },
    });
  });

  test.each(["sanctum", "iss", "router", "scriptpulse", "content-pipeline"])(
    "of %s in prod, as the command prints it, is understood",
    async name => {
      const printed = await run(process.execPath, [palisade, "render", name, "--format", "compose", "--stack", "prod"]);
      expect(printed.code, printed.stderr).toBe(0);
      const own = join(directory, `${name}.yaml`);
      writeFileSync(own, printed.stdout);
      const asked = [...printed.stdout.matchAll(/\$\{([A-Z0-9_]+):\?/g)].map(([, variable]) => `${variable}=given`);
      const { code, stderr } = await run(loader, [own, ...asked]);
      expect(code, stderr).toBe(0);
    },
  );

  test("does not start with something missing, and says what it is", async () => {
    const { code, stderr } = await run(loader, [file, "REGISTRY=registry.example", "SITE=here"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/required variable DATABASE_HOST is missing a value: host of the postgres database/);
    expect(stderr).toMatch(/required variable SECRET_KEY is missing a value: Signs/);
  });
});

describe.skipIf(!onPath("systemd-analyze"))("the systemd units", () => {
  const units = systemdUnits(sample, context);
  /** What every boot has, and an empty root has not. */
  const targets = ["sysinit", "basic", "network-online", "shutdown", "multi-user", "-.slice", "system.slice"];

  beforeAll(() => {
    const put = (path: string, text: string) => {
      const target = join(directory, "root", path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text, { mode: path.startsWith("etc/") ? 0o644 : 0o755 });
    };
    for (const name of targets)
      put(
        `etc/systemd/system/${name.includes(".") ? name : `${name}.target`}`,
        "[Unit]\nDescription=x\nDefaultDependencies=no\n",
      );
    for (const [name, text] of Object.entries(units)) put(`etc/systemd/system/${name}`, text);
    for (const program of [
      "opt/sample/api/startup.sh",
      "usr/bin/python3",
      "opt/sample/poller/bin/poll",
      "opt/sample/loner/bin/loner",
    ])
      put(program, "#!/bin/sh\n");
  });

  test.each(Object.keys(units))("%s: nothing in it that systemd does not know", async name => {
    const { code, stderr } = await run("systemd-analyze", [
      "verify",
      `--root=${join(directory, "root")}`,
      "--man=no",
      name,
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test.each(Object.keys(units))("%s: exposure of at most 1.5 out of 10, by systemd's own count", async name => {
    const file = join(directory, "root", "etc/systemd/system", name);
    const { code, stdout } = await run("systemd-analyze", ["security", "--offline=true", "--threshold=15", file]);
    expect(code, stdout).toBe(0);
  });
});

describe("the Kubernetes objects", () => {
  test.each(["sanctum", "iss", "router", "scriptpulse", "content-pipeline"])(
    "of %s on a cluster are printed as the command says, without a Secret",
    async name => {
      const args = [palisade, "render", name, "--format", "kubernetes", "--stack", "onprem"];
      const printed = await run(process.execPath, args);
      expect(printed.code, printed.stderr).toBe(0);
      const kinds = parseAllDocuments(printed.stdout).map(document => document.get("kind"));
      expect(kinds[0]).toBe("Namespace");
      expect(kinds).toEqual(expect.arrayContaining(["NetworkPolicy", "Deployment"]));
      expect(kinds).not.toContain("Secret");
    },
  );

  test("of a stack without a cluster are refused, with the command that has one", async () => {
    const printed = await run(process.execPath, [
      palisade,
      "render",
      "iss",
      "--format",
      "kubernetes",
      "--stack",
      "dev",
    ]);
    expect(printed.code).toBe(1);
    expect(printed.stderr).toContain("stack `dev` is of mode `saas`");
    expect(printed.stderr).toContain("npx palisade render iss --format kubernetes --stack onprem");
  });
});
