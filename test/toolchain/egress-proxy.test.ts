// The egress proxy, built from its source and asked over loopback: what is on its list passes, nothing else does (RT-27, SP-13).
import { type ChildProcess, spawn } from "node:child_process";
import { type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { connect, createServer, type Server } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { egressAcl } from "../../src/components/aws/egress-acl";
import { goProgram } from "../../toolchain/go-program";
import { run } from "../../toolchain/run";
import { freePort } from "../../toolchain/sandbox";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";

// A shared key in place of certificates: the target is as real, and there is no private key in the repository.
const psk = Buffer.from("of the tests only");
const tlsOptions = { ciphers: "PSK-AES256-GCM-SHA384", minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;

let binary: string;
let target: Server;
let other: Server;
beforeAll(async () => {
  binary = await goProgram({ name: "egress-proxy", module: join(PROJECT_DIRECTORY, "images", "egress-proxy") });
  [target, other] = await Promise.all([greeter("hello"), greeter("other")]);
}, 600_000);
afterAll(() => {
  target.close();
  other.close();
});

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** Says a word to whoever completes a TLS handshake, and answers each chunk with it. */
async function greeter(word: string): Promise<Server> {
  const server = createServer({ ...tlsOptions, pskCallback: () => psk }, socket => {
    socket.write(word);
    socket.on("data", () => socket.write(word)).on("error", () => socket.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

interface Proxy {
  port: number;
  child: ChildProcess;
  records: () => Record<string, unknown>[];
}

const loopback = { EGRESS_ALLOW_RANGES: "127.0.0.0/8,::1/128" };

/** Runs the proxy with the list as the platform renders it, but for the port of the target. */
async function proxy(hosts: string[], environment: Record<string, string> = loopback, open = false): Promise<Proxy> {
  const port = await freePort();
  const acl = egressAcl({ open, hosts }).replaceAll(":443", `:${portOf(target)}`);
  const origin = { PALISADE_ENV: "dev", PALISADE_WORKLOAD: "w", PALISADE_SERVICE: "egress-proxy", BUILD_SHA: "b" };
  const child = spawn(binary, [], {
    env: { EGRESS_ACL: acl, EGRESS_LISTEN: `127.0.0.1:${port}`, ...origin, ...environment },
  });
  started.push(child);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  const records = () =>
    output
      .split("\n")
      .filter(Boolean)
      .map(line => JSON.parse(line) as Record<string, unknown>);
  await vitest(() => expect(records().map(r => r.event)).toContain("egress.ready"));
  return { port, child, records };
}

const vitest = (check: () => void) => expect.poll(() => passes(check), { timeout: 10_000 }).toBe(true);

function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

/** Asks the proxy for a tunnel. */
function tunnel(port: number, path: string): Promise<{ status?: number; socket: Duplex }> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, method: "CONNECT", path, agent: false })
      .on("connect", (response: IncomingMessage, socket: Duplex) => resolve({ status: response.statusCode, socket }))
      .on("error", reject)
      .end();
  });
}

/** A handshake with the target through a tunnel; the socket has its first word. */
async function speak(socket: Duplex) {
  const secure = connect({
    socket,
    ...tlsOptions,
    pskCallback: () => ({ psk, identity: "test" }),
    checkServerIdentity: () => undefined,
  });
  return { secure, word: await nextWord(secure) };
}

const nextWord = (from: Duplex) =>
  new Promise<string>((resolve, reject) => from.once("data", data => resolve(String(data))).once("error", reject));

async function status(port: number, path: string): Promise<number | undefined> {
  const { status, socket } = await tunnel(port, path);
  socket.destroy();
  return status;
}

test("a host on the list is reached, under TLS from end to end", async () => {
  const { port, records } = await proxy(["localhost"]);
  const { status, socket } = await tunnel(port, `localhost:${portOf(target)}`);
  expect(status).toBe(200);
  const { secure, word } = await speak(socket);
  expect(word).toBe("hello");
  secure.destroy();
  expect(records().find(r => r.event === "egress.allowed")).toMatchObject({
    status: "ok",
    attributes: { "egress.target": `localhost:${portOf(target)}` },
  });
});

test("the same name in other letters, or with the dot of a full name, is the same host", async () => {
  const { port } = await proxy(["localhost"]);
  expect(await status(port, `LocalHost:${portOf(target)}`)).toBe(200);
});

test.each<[string, () => string]>([
  ["another host", () => `example.com:${portOf(target)}`],
  ["a host below it", () => `a.localhost:${portOf(target)}`],
  ["a host that ends alike", () => `evil-localhost:${portOf(target)}`],
  ["its address instead of its name", () => `127.0.0.1:${portOf(target)}`],
  ["another port of it", () => `localhost:${portOf(other)}`],
])("%s is refused, and said so in the log", async (_, path) => {
  const { port, records } = await proxy(["localhost"]);
  expect(await status(port, path())).toBe(403);
  const denied = () => records().filter(r => r.event === "egress.denied");
  await vitest(() => expect(denied()).toHaveLength(1));
  expect(denied()[0]).toMatchObject({
    status: "refused",
    attributes: { "egress.target": path(), "egress.reason": "not_listed" },
  });
});

test("nothing passes in clear", async () => {
  const { port } = await proxy(["localhost"]);
  const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
  expect(answer?.status).toBe(404);
  const code = await new Promise(resolve =>
    request({ host: "127.0.0.1", port, path: `http://localhost:${portOf(target)}/` }, r => resolve(r.statusCode)).end(),
  );
  expect(code).toBe(403);
});

test("a name on the list that leads to a private address is not dialled", async () => {
  const { port, records } = await proxy(["localhost"], {});
  expect(await status(port, `localhost:${portOf(target)}`)).toBe(502);
  await vitest(() =>
    expect(records().find(r => r.event === "egress.failed")).toMatchObject({
      attributes: { "egress.reason": "not_public" },
    }),
  );
});

test("with an open list the port is still 443, and addresses are still public", async () => {
  const { port } = await proxy([], {}, true);
  expect(await status(port, `localhost:${portOf(target)}`)).toBe(403);
  expect(await status(port, "localhost:443")).toBe(502);
});

test("an empty list lets nothing out", async () => {
  const { port } = await proxy([]);
  expect(await status(port, `localhost:${portOf(target)}`)).toBe(403);
});

test.each(["", "{}", '{"action":"enforce","hosts":["no-port"]}', '{"action":"enforce","host":[]}', "not json"])(
  "the list %j starts nothing",
  async acl => {
    const ended = await run(binary, [], { env: { EGRESS_ACL: acl, EGRESS_LISTEN: "127.0.0.1:0" }, timeoutMs: 10_000 });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/EGRESS_ACL/);
  },
);

test("its own probe tells a proxy that answers from one that does not", async () => {
  const { port, child } = await proxy([]);
  const probe = () => run(binary, ["health"], { env: { EGRESS_LISTEN: `127.0.0.1:${port}` } });
  expect((await probe()).code).toBe(0);
  child.kill("SIGKILL");
  await vitest(() => expect(child.signalCode).toBe("SIGKILL"));
  expect((await probe()).code).toBe(1);
});

test("told to stop, it takes no new call and lets the open ones end", async () => {
  const { port, child } = await proxy(["localhost"]);
  const { socket } = await tunnel(port, `localhost:${portOf(target)}`);
  const { secure } = await speak(socket);
  child.kill("SIGTERM");
  await expect.poll(() => tunnel(port, "localhost:1").catch(() => "refused"), { timeout: 5_000 }).toBe("refused");
  expect(child.exitCode).toBeNull();
  secure.write("still there?");
  expect(await nextWord(secure)).toBe("hello");
  secure.destroy();
  await expect.poll(() => child.exitCode, { timeout: 5_000 }).toBe(0);
});

test("every record has the platform's fields (RT-23)", async () => {
  const { port, records } = await proxy(["localhost"]);
  await status(port, `example.com:${portOf(target)}`);
  await vitest(() => expect(records().length).toBeGreaterThan(1));
  const mandatory = [
    "event",
    "correlation_id",
    "chat_id_hash",
    "persona_tag",
    "status",
    "latency_ms",
    "env",
    "build_sha",
  ];
  for (const record of records()) expect(Object.keys(record)).toEqual(expect.arrayContaining(mandatory));
});
