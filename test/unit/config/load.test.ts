import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { parse as parseYaml } from "yaml";
import { catalog as published } from "../../../src/catalog/catalog";
import { loadConfig } from "../../../src/config/load";
import { catalog as samples } from "./sample";

const root = join(__dirname, "../../..");
const home = process.cwd();
const directory = mkdtempSync(join(tmpdir(), "palisade-load-"));
/** What the repository's stack files name, and the relay, whose token a person supplies. */
const catalog = new Map([...published, ...samples]);
const secretText = "collector-key-in-clear";

beforeEach(() => {
  process.chdir(directory);
  vi.stubEnv("PALISADE_LOCAL_AWS", "");
});
afterEach(() => {
  process.chdir(home);
  vi.unstubAllEnvs();
  rmSync(join(directory, "Pulumi.staging.yaml"), { force: true });
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Puts the engine where it stands when it has read a stack file and decrypted it. */
async function engine(changes: Record<string, unknown>, secretKeys: string[] = [], preview = true) {
  const file: { config: Record<string, unknown> } = parseYaml(readFileSync(join(root, "Pulumi.staging.yaml"), "utf8"));
  const all = Object.entries({ ...file.config, ...changes }).map(([key, value]): [string, string] => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  await pulumi.runtime.setMocks(
    { newResource: () => ({ id: "", state: {} }), call: () => ({}) },
    "palisade",
    "staging",
    preview,
  );
  pulumi.runtime.setAllConfig(Object.fromEntries(all), secretKeys);
}

const siem = { url: "https://siem.example.com", accessKey: secretText };

function message(): string {
  try {
    loadConfig(catalog);
  } catch (error) {
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    return String(error);
  }
  return "";
}

test("hands components plain values, and secrets as secret outputs", async () => {
  await engine({ "palisade:siem": siem }, ["palisade:siem"]);
  const config = loadConfig(catalog);
  expect(config.retention.logDays).toBe(14);
  expect(config.siem?.url).toBe(siem.url);
  const key = config.siem?.accessKey;
  expect(key && (await pulumi.isSecret(key))).toBe(true);
  expect(await new Promise(resolve => key?.apply(resolve))).toBe(secretText);
});

test("a secret of a key that is not secret is refused, and not shown", async () => {
  await engine({ "palisade:siem": siem });
  expect(message()).toMatch(/palisade:siem\.accessKey: found plain text/);
  expect(message()).not.toContain(secretText);
});

test("another field's encryption does not cover a secret that the file holds in plain text", async () => {
  const secrets = { relay: { BOT_TOKEN: secretText } };
  const platformImages = { "egress-proxy": workloads.relay.images.poller };
  const changes = {
    "palisade:secrets": secrets,
    "palisade:workloads": workloads,
    "palisade:platformImages": platformImages,
  };
  await engine(changes, ["palisade:secrets"]);
  expect(message()).toBe("");
  writeFileSync(
    "Pulumi.staging.yaml",
    `config:\n  palisade:secrets:\n    relay:\n      BOT_TOKEN: ${secretText}\n      OTHER: { secure: "v1:x" }\n`,
  );
  expect(message()).toMatch(/palisade:secrets\.relay\.BOT_TOKEN: found plain text/);
  expect(message()).not.toContain(secretText);
});

const workloads = { relay: { images: { poller: `sha256:${"ab".repeat(32)}` } } };

test("what is no secret is refused when it is encrypted", async () => {
  await engine({}, ["palisade:region"]);
  expect(message()).toMatch(/palisade:region: found an encrypted value\n\s+allowed: .*in plain text, it is no secret/);
});

test("faults of the text that the engine passes on are named", async () => {
  await engine({ "palisade:retention": "90d", "aws:region": "eu-west-1" });
  expect(message()).toMatch(/stack `staging` has 2 faults/);
  expect(message()).toMatch(/palisade:retention: found "90d"/);
  expect(message()).toMatch(/Next: npx palisade config check --file Pulumi\.staging\.yaml$/);
});

function localAws() {
  const config = loadConfig(catalog);
  return config.mode === "saas" ? config.localAws : undefined;
}

test("PALISADE_LOCAL_AWS is the one variable it reads", async () => {
  await engine({});
  expect(localAws()).toBeUndefined();
  vi.stubEnv("PALISADE_LOCAL_AWS", "http://127.0.0.1:4600");
  expect(localAws()).toEqual({ endpoint: "http://127.0.0.1:4600" });
  vi.stubEnv("PALISADE_LOCAL_AWS", "");
  expect(localAws()).toBeUndefined();
});

test("an update of prod does not go to a local AWS", async () => {
  const prod = parseYaml(readFileSync(join(root, "Pulumi.prod.yaml"), "utf8")).config;
  vi.stubEnv("PALISADE_LOCAL_AWS", "http://127.0.0.1:4600");
  await engine({ ...prod, "palisade:environment": "prod" }, [], true);
  // The mocks' stack is called staging, which is a fault of its own.
  expect(message()).not.toMatch(/PALISADE_LOCAL_AWS/);
  await engine({ ...prod, "palisade:environment": "prod" }, [], false);
  expect(message()).toMatch(/PALISADE_LOCAL_AWS: found a local AWS in an update/);
});
