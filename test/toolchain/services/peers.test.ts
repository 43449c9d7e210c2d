// What the stand-ins meet: the SIEM, the load and the probes judge rightly; Sanctum's hop takes both proofs or none (SA-13, RT-23).
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { freePort } from "../../../toolchain/sandbox";
import { referenceBinary } from "../../services/images";
import { ask, endAll, healthy, start, until } from "./process";

let root: string;
beforeAll(() => referenceBinary("peers"), 900_000);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "palisade-peers-"));
});
afterEach(async () => {
  await endAll();
  rmSync(root, { recursive: true });
});

const local = (port: number) => `127.0.0.1:${port}`;
const listens = (port: number) =>
  fetch(`http://${local(port)}/`).then(
    () => true,
    () => false,
  );

async function peers<Answer>(...args: string[]): Promise<Answer> {
  const ran = await start("peers", args, {});
  expect(await ran.ended).toBe(0);
  return JSON.parse(ran.output() || "{}") as Answer;
}

type Attempts = { reached: boolean }[];
interface Load {
  requests: number;
  failures: number;
  first_failure_s: number;
}

test("the SIEM keeps what came over HTTPS and syslog, and says what is no RFC 5424", async () => {
  const [https, syslog, control] = [await freePort(), await freePort(), await freePort()];
  await start("peers", ["siem", "-listen", local(https), "-syslog", local(syslog), "-control", local(control)], {});
  await until(() => listens(control));
  await ask(https, "/ingest", { body: '{"event":"a"}\n{"event":"b"}\n', headers: { authorization: "Splunk x" } });
  const frames = ["<134>1 2030-01-01T00:00:00Z host app 1 id - hello", "<134>not of the format"];
  const socket = connect({ host: "127.0.0.1", port: syslog, rejectUnauthorized: false }, () => {
    for (const frame of frames) socket.write(`${Buffer.byteLength(frame)} ${frame}`);
    socket.end();
  });
  const records = async () =>
    (await (await fetch(`http://${local(control)}/records`)).json()) as { total: number; entries: object[] };
  await until(async () => (await records()).total === 4);
  expect((await records()).entries).toEqual([
    expect.objectContaining({ via: "https", path: "/ingest", authorized: true, text: '{"event":"a"}' }),
    expect.objectContaining({ via: "https", text: '{"event":"b"}' }),
    expect.objectContaining({ via: "syslog", text: frames[0] }),
    expect.objectContaining({ via: "syslog", fault: "no header of RFC 5424" }),
  ]);
  await fetch(`http://${local(control)}/status/503`, { method: "POST" });
  expect((await ask(https, "/ingest", { body: "x" })).status).toBe(503);
});

test("probes tell what is reached from what is not, over TCP, UDP and DNS", async () => {
  const [open, closed] = [await freePort(), await freePort()];
  await start("peers", ["echo", "-listen", local(open)], {});
  const first = async () => (await peers<Attempts>("connect", `tcp://${local(open)}`))[0];
  await until(async () => (await first())?.reached === true);
  const targets = [`tcp://${local(open)}`, `udp://${local(open)}`, `tcp://${local(closed)}`, `udp://${local(closed)}`];
  const found = await peers<Attempts>(
    "connect",
    "-timeout",
    "500ms",
    ...targets,
    `dns://name.invalid?server=${local(closed)}`,
  );
  expect(found.map(({ reached }) => reached)).toEqual([true, true, false, false, false]);
});

test("the load counts each request that fails, and when the first one did", async () => {
  const [https, control] = [await freePort(), await freePort()];
  await start("peers", ["a2a", "-listen", local(https), "-control", local(control)], {});
  await until(() => listens(control));
  const url = `https://${local(https)}`;
  const load = (path: string, duration: string) =>
    peers<Load>("load", "-insecure", "-url", url + path, "-rate", "40", "-duration", duration);
  const good = await load("/.well-known/agent-card.json", "1s");
  expect(good).toMatchObject({ failures: 0, first_failure_s: -1, statuses: { 200: good.requests } });
  expect(good.requests).toBeGreaterThan(30);
  const bad = await load("/none", "500ms");
  expect(bad.failures).toBe(bad.requests);
  expect(bad.first_failure_s).toBeLessThan(0.3);
});

const database = (prefix: string) => ({
  [`${prefix}_HOST`]: "localhost",
  [`${prefix}_PORT`]: "1",
  [`${prefix}_NAME`]: "n",
  [`${prefix}_USER`]: "u",
});

test("Sanctum's AI core answers its health to all, and to a caller only with certificate and token (SA-13)", async () => {
  await peers("certificates", "-out", root, "-names", "backend,localhost");
  const port = await freePort();
  const files = {
    TLS_CERT_FILE: join(root, "tls.crt"),
    TLS_KEY_FILE: join(root, "tls.key"),
    TLS_CA_FILE: join(root, "ca.crt"),
  };
  const { records } = await start("sanctum-ai-core", [], {
    PORT: String(port),
    SERVICE_TOKEN_KEY: "of-the-tests",
    ALLOWED_CALLERS: "backend",
    ...files,
    ...database("VECTORS"),
  });
  // No database: the port answers, and health says why it takes no traffic.
  await until(() =>
    ask(port, "/healthz").then(
      ({ status }) => status === 503,
      () => false,
    ),
  );
  expect((await ask(port, "/healthz")).json()).toMatchObject({ reason: "database cannot be reached" });
  const tls = { cert: readFileSync(files.TLS_CERT_FILE), key: readFileSync(files.TLS_KEY_FILE) };
  const body = { owner: "o", text: "t" };
  expect((await ask(port, "/v1/similar", { body })).status).toBe(403);
  expect((await ask(port, "/v1/similar", { body, tls })).status).toBe(401);
  expect((await ask(port, "/v1/similar", { body, tls, headers: { authorization: "Bearer x" } })).status).toBe(401);
  await until(() => records().filter(r => r.event === "caller.refused").length === 3);
});

test("Sanctum's backend refuses a database that it cannot verify, and knows who asks", async () => {
  const port = await freePort();
  const environment = {
    PORT: String(port),
    SERVICE_TOKEN_KEY: "of-the-tests",
    JWT_SIGNING_KEY: "of-the-tests",
    AI_CORE_URL: "https://localhost:1",
    DRAIN_DELAY_SECONDS: "0",
    ...database("DATABASE"),
  };
  const weak = await start("sanctum-backend", [], { ...environment, DATABASE_SSLMODE: "require" });
  expect(await weak.ended).toBe(1);
  expect(weak.errors()).toMatch(/DATABASE_SSLMODE must be verify-full/);
  const { child, ended } = await start("sanctum-backend", [], environment);
  await until(() =>
    ask(port, "/healthz").then(
      ({ status }) => status === 503,
      () => false,
    ),
  );
  expect(await healthy(port, "/healthz")).toBe(false);
  expect((await ask(port, "/v1/notes")).status).toBe(401);
  const { token } = (await ask(port, "/v1/sessions", { body: { user: "anna" } })).json();
  expect((await ask(port, "/v1/notes", { headers: { authorization: `Bearer ${token}` } })).status).toBe(502);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});
