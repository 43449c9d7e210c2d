// The stand-in of the Telegram router as a process: its check, its health, a message's way, its drain (RT-2, RT-4, RT-7, RT-15, RT-23).
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { logRecordSchema } from "../../../src/workload/log-record";
import { freePort } from "../../../toolchain/sandbox";
import { referenceBinary } from "../../services/images";
import { routerChecksums, routerFiles } from "../../services/router-config";
import { endAll, type Process, start, until } from "./process";

const command = ["run", "bots/telegram_router.py"];
let root: string;
let ops: number;
let controls: { telegram: number; a2a: number };
let base: Record<string, string>;

beforeAll(() => referenceBinary("router-poller"), 900_000);
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "palisade-router-"));
  for (const [path, content] of Object.entries(routerFiles)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const made = await start("peers", ["certificates", "-out", root, "-names", "localhost,127.0.0.1"], {});
  expect(await made.ended).toBe(0);
  const [telegram, a2a] = [await peer("telegram"), await peer("a2a")];
  controls = { telegram: telegram.control, a2a: a2a.control };
  ops = await freePort();
  base = {
    TELEGRAM_API_URL: `https://localhost:${telegram.port}`,
    A2A_BASE_URL: `https://localhost:${a2a.port}`,
    SSL_CERT_FILE: join(root, "ca.crt"),
    TELEGRAM_BOT_TOKEN: "123:of-the-tests",
    A2A_TOKEN: "a2a-of-the-tests",
    CHAT_ID_HASH_KEY: "key-of-the-tests",
    LEASE_KIND: "none",
    OPS_PORT: String(ops),
    DRAIN_DELAY_SECONDS: "0",
    ...routerChecksums,
  };
});
afterEach(async () => {
  await endAll();
  rmSync(root, { recursive: true });
});

async function peer(name: string): Promise<{ port: number; control: number }> {
  const [port, control] = [await freePort(), await freePort()];
  const tls = { TLS_CERT_FILE: join(root, "tls.crt"), TLS_KEY_FILE: join(root, "tls.key") };
  await start("peers", [name, "-listen", `127.0.0.1:${port}`, "-control", `127.0.0.1:${control}`], tls);
  await until(() =>
    fetch(`http://127.0.0.1:${control}/`).then(
      () => true,
      () => false,
    ),
  );
  return { port, control };
}

const tell = (control: number, path: string, body: object) =>
  fetch(`http://127.0.0.1:${control}${path}`, { method: "POST", body: JSON.stringify(body) });
/** What the control ports show: of each only some. */
interface Shown {
  total: number;
  entries: { text?: string; persona?: string; authorized?: boolean }[];
  waiting: number;
  overlaps: number;
  open: string[];
}

const asked = async (control: number, path: string) =>
  (await (await fetch(`http://127.0.0.1:${control}${path}`)).json()) as Shown;
const say = (chat: number, text: string, count = 1) =>
  tell(controls.telegram, "/updates", { token: base.TELEGRAM_BOT_TOKEN, chat, text, count });
const sent = () => asked(controls.telegram, "/sent");
const status = () =>
  fetch(`http://127.0.0.1:${ops}/healthz`).then(
    answer => answer.status,
    () => 0,
  );

async function router(more: Record<string, string> = {}): Promise<Process> {
  const started = await start("router-poller", command, { ...base, ...more }, root);
  await until(async () => (await status()) === 200);
  return started;
}

const check = async (changed: Record<string, string>) => {
  const ended = await start("router-poller", [...command, "--check-config"], { ...base, ...changed }, root);
  return { code: await ended.ended, text: ended.errors() + ended.output() };
};

test("--check-config takes what is right", async () => {
  expect((await check({})).code).toBe(0);
});

test.each<[string, Record<string, string>, RegExp]>([
  ["a variable that is missing", { A2A_TOKEN: "" }, /A2A_TOKEN is not set/],
  ["another persona map", { PERSONA_MAP_SHA256: "0".repeat(64) }, /persona-map\.json has the checksum [0-9a-f]{64}/],
  ["another allowlist", { CHAT_ALLOWLIST_SHA256: "0".repeat(64) }, /chat-allowlist\.json has the checksum/],
  ["no checksum", { PERSONA_MAP_SHA256: "" }, /PERSONA_MAP_SHA256 is not set/],
  ["a peer in clear", { A2A_BASE_URL: "http://a2a.example" }, /A2A_BASE_URL must be an https address/],
  ["a lease in DynamoDB", { LEASE_KIND: "", LEASE_TABLE: "t" }, /LEASE_TABLE .* does not take/],
  ["no lease at all", { LEASE_KIND: "" }, /LEASE_KIND must be/],
  ["a lease without a name", { LEASE_KIND: "kubernetes" }, /LEASE_NAME is not set; LEASE_NAMESPACE is not set/],
])("--check-config refuses %s, and shows no secret (RT-15)", async (_, changed, reason) => {
  const { code, text } = await check(changed);
  expect(code).toBe(1);
  expect(text).toMatch(reason);
  expect(text).not.toMatch(/of-the-tests/);
});

test("health is good once both peers answered, not before (RT-2)", async () => {
  await start("router-poller", command, { ...base, A2A_BASE_URL: "https://localhost:1" }, root);
  await until(async () => (await status()) === 503);
  await endAll();
});

test("a message of an allowed chat goes to its persona and back; another's is refused", async () => {
  const { records } = await router();
  await say(1001, "hello");
  await say(9999, "who are you");
  await until(async () => (await sent()).total === 1);
  expect((await sent()).entries[0]?.text).toBe("heard: hello");
  expect(await asked(controls.a2a, "/calls")).toMatchObject({ entries: [{ persona: "scribe", authorized: true }] });
  await until(() => records().some(r => r.event === "chat.refused"));
  const routed = records().find(r => r.event === "message.routed");
  expect(routed).toMatchObject({ persona_tag: "scribe", chat_id_hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  for (const record of records()) expect(logRecordSchema.safeParse(record).error).toBeUndefined();
  expect(JSON.stringify(records())).not.toMatch(/hello|9999|of-the-tests/);
});

test("a failure that may pass is tried again; one that will not is counted as fatal (RT-22)", async () => {
  const { records } = await router();
  await tell(controls.a2a, "/behaviour", { status: 503, times: 2 });
  await say(1001, "again");
  await until(async () => (await sent()).total === 1);
  await tell(controls.a2a, "/behaviour", { status: 400, times: 1 });
  await say(1001, "never");
  await until(() => records().some(r => r.event === "a2a.failure_total"));
  expect(records().find(r => r.event === "a2a.failure_total")).toMatchObject({
    attributes: { "a2a.classification": "fatal" },
  });
});

test("told to stop, it cancels the poll, ends what it took, confirms it, and leaves no poll open (RT-4)", async () => {
  const { child, ended, records } = await router();
  await tell(controls.a2a, "/behaviour", { delay_ms: 1500 });
  await say(1001, "late");
  await until(async () => (await asked(controls.telegram, "/state")).waiting === 1);
  await new Promise(resolve => setTimeout(resolve, 300));
  const began = Date.now();
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(Date.now() - began).toBeLessThan(10_000);
  expect((await sent()).total).toBe(1);
  expect(await asked(controls.telegram, "/state")).toMatchObject({ waiting: 0, open: [], overlaps: 0 });
  expect(records().find(r => r.event === "queue.drained")).toMatchObject({ attributes: { "queue.depth": 0 } });
});

test("the throttle's file is read again, and holds it back (RT-7)", async () => {
  const file = join(root, "percent");
  writeFileSync(file, "100");
  const { records } = await router({ THROTTLE_FILE: file, RATE_LIMIT_PER_MINUTE: "60" });
  writeFileSync(file, '{"percent":5}');
  await until(() => records().some(r => r.event === "throttle.changed"));
  await say(1001, "many", 8);
  await until(async () => (await sent()).total >= 3);
  await new Promise(resolve => setTimeout(resolve, 2000));
  // Five percent of sixty: three at once, then one in twenty seconds.
  expect((await sent()).total).toBe(3);
});

test("two that poll at once are seen by the judge", async () => {
  await router();
  ops = await freePort();
  await router({ OPS_PORT: String(ops) });
  await until(async () => (await asked(controls.telegram, "/state")).overlaps > 0, 30_000);
});
