// A registry that behaves and one that does not: what comes is what was asked for, or an error, and soon.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseRegistry } from "../../../src/onprem/registry/address";
import { parseChallenge } from "../../../src/onprem/registry/challenge";
import { parseHead } from "../../../src/onprem/registry/head";
import { blobChunks, pullBlob, pullManifest } from "../../../src/onprem/registry/pull";
import { redirectTarget } from "../../../src/onprem/registry/redirect";
import { openRegistry, type RegistrySession, type SessionOptions } from "../../../src/onprem/registry/session";
import { Failure } from "../../../toolchain/failure";
import { cutAfter, digestOf, type Misbehaviour, type StandIn, startStandIn } from "./registry-stand-in";

let registry: StandIn;
let directory: string;
let open: RegistrySession[];
const QUICK = { pauseMs: 2, limits: { connectMs: 500, answerMs: 300, idleMs: 200 } } as const;

beforeEach(async () => {
  registry = await startStandIn();
  directory = mkdtempSync(join(tmpdir(), "palisade-registry-"));
  writeFileSync(join(directory, "none.json"), "{}");
  open = [];
});
afterEach(async () => {
  for (const session of open) session.close();
  await registry.close();
  rmSync(directory, { recursive: true });
});

const session = (options: SessionOptions = {}) => {
  const made = openRegistry(registry.address, { authFile: join(directory, "none.json"), ...QUICK, ...options });
  open.push(made);
  return made;
};
const authFile = (entry: object) => {
  const file = join(directory, "auth.json");
  writeFileSync(file, JSON.stringify({ auths: { [registry.address]: entry } }));
  return file;
};
const pull = (bytes: Buffer, options?: SessionOptions) =>
  buffer(pullBlob(session(options), "a/b", { digest: digestOf(bytes), size: bytes.length }));
const layer = randomBytes(300_000);

describe("addresses", () => {
  test.each([
    ["127.0.0.1:5000", "http://127.0.0.1:5000", ""],
    ["localhost/x", "http://localhost", "x"],
    ["https://localhost:5000", "https://localhost:5000", ""],
    ["registry.example.com/customer/palisade/", "https://registry.example.com", "customer/palisade"],
  ])("%s", (text, origin, prefix) => expect(parseRegistry(text)).toMatchObject({ origin, prefix }));
  test("plain http elsewhere only when asked for", () => {
    expect(() => parseRegistry("http://registry.example.com")).toThrow(/over plain http/);
    expect(parseRegistry("registry.example.com", true).origin).toBe("http://registry.example.com");
  });
  test.each(["", "a b", "host/UPPER", "host/../x", "host:99999999", "host//x", "ftp://host", "host/x:tag"])(
    "%j is refused",
    text => expect(() => parseRegistry(text)).toThrow(/no address of a registry/),
  );
  test("credentials in it are refused, and not shown", () => {
    expect(() => parseRegistry("me:hunter2@host")).toThrow(/holds credentials/);
    expect(() => parseRegistry("me:hunter2@host")).not.toThrow(/hunter2/);
  });
});

describe("blobs", () => {
  test("come whole, over one connection after another", async () => {
    registry.add(layer);
    expect((await pull(layer)).equals(layer)).toBe(true);
    expect(registry.requests).toEqual([`GET /v2/a/b/blobs/${digestOf(layer)}`]);
  });

  test("are taken up where a connection was cut", async () => {
    registry.add(layer);
    registry.misbehave = (_, response, count) =>
      count === 1 && cutAfter(response, layer.subarray(0, 100_000), layer.length);
    expect((await pull(layer)).equals(layer)).toBe(true);
    expect(registry.requests[1]).toMatch(/ bytes=\d+-$/);
  });

  test("are taken up from a registry that knows no ranges", async () => {
    registry.add(layer);
    registry.misbehave = (_, response, count) => {
      if (count === 1) return cutAfter(response, layer.subarray(0, 100_000), layer.length);
      response.writeHead(200, { "content-length": layer.length }).end(layer);
      return true;
    };
    expect((await pull(layer)).equals(layer)).toBe(true);
  });

  test("that are cut again and again end in an error that says how far they came", async () => {
    registry.add(layer);
    registry.misbehave = (request, response) => {
      const start = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
      const range = { "content-range": `bytes ${start}-${layer.length - 1}/${layer.length}` };
      return cutAfter(response, layer.subarray(start, start + 10), layer.length - start, start > 0 ? 206 : 200, range);
    };
    await expect(pull(layer, { attempts: 3 })).rejects.toThrow(/after \d+ of 300000 bytes \(tried 3 times\)/);
    expect(registry.requests).toHaveLength(3);
  });

  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    [
      "another digest",
      bytes => Buffer.concat([bytes.subarray(1), bytes.subarray(0, 1)]),
      /came with the digest sha256:/,
    ],
    ["too long", bytes => Buffer.concat([bytes, bytes]), /is longer than the 300000 bytes/],
    ["too short", bytes => bytes.subarray(1), /shorter than announced/],
  ])("%s: refused", async (_, alter, message) => {
    registry.content.set(digestOf(layer), alter(layer));
    await expect(pull(layer, { attempts: 2 })).rejects.toThrow(message);
  });

  test("that stand still or trickle are cut, not waited for", async () => {
    registry.misbehave = (_, response) => {
      response.writeHead(200, { "content-length": layer.length });
      response.write("x");
      const drip = setInterval(() => response.write("x"), 20);
      response.once("close", () => clearInterval(drip));
      return true;
    };
    await expect(pull(layer, { attempts: 2 })).rejects.toThrow(/hardly a byte passed in 0.2 s/);
  });

  test("are not cut because we are slow ourselves", async () => {
    const large = randomBytes(4_000_000);
    registry.add(large);
    const chunks: Buffer[] = [];
    for await (const chunk of pullBlob(session(), "a/b", { digest: digestOf(large), size: large.length })) {
      if (chunks.length === 1) await new Promise(resolve => setTimeout(resolve, 700));
      chunks.push(chunk as Buffer);
    }
    expect(Buffer.concat(chunks).equals(large)).toBe(true);
    expect(registry.requests).toHaveLength(1);
  });

  test("with a range that was not asked for are refused", async () => {
    registry.misbehave = (_, response, count) => {
      if (count === 1) return cutAfter(response, layer.subarray(0, 100_000), layer.length);
      response.writeHead(206, { "content-range": "bytes 200000-299999/300000", "content-length": 100_000 });
      response.end(layer.subarray(200_000));
      return true;
    };
    await expect(pull(layer)).rejects.toThrow(/others came/);
  });
});

describe("large blobs, in few buffers", () => {
  const large = randomBytes(5_000_001);
  const pulled = async (options?: SessionOptions) => {
    const chunks: Buffer[] = [];
    for await (const chunk of blobChunks(session(options), "a/b", { digest: digestOf(large), size: large.length })) {
      // As slow as a disk now and then, and the chunk is overwritten by what comes next.
      if (chunks.length % 3 === 0) await new Promise(resolve => setTimeout(resolve, 5));
      chunks.push(Buffer.from(chunk));
    }
    return Buffer.concat(chunks).equals(large);
  };

  test("come whole", async () => {
    registry.add(large);
    expect(await pulled()).toBe(true);
    expect(registry.requests).toHaveLength(1);
  });

  test("are taken up wherever they are cut", async () => {
    registry.add(large);
    registry.misbehave = (request, response, count) => {
      const start = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
      if (start > 4_000_000) return false;
      const range = { "content-range": `bytes ${start}-${large.length - 1}/${large.length}` };
      const some = large.subarray(start, start + 1_100_000 + count * 77_777);
      return cutAfter(response, some, large.length - start, start > 0 ? 206 : 200, range);
    };
    expect(await pulled()).toBe(true);
    expect(registry.requests.length).toBeGreaterThan(3);
  });

  test("come from a registry that does not say how long they are, too", async () => {
    registry.misbehave = (_, response) => {
      response.writeHead(200).end(large);
      return true;
    };
    expect(await pulled()).toBe(true);
  });

  test("come with a login, and through redirects", async () => {
    registry.add(large);
    const me = { username: "me", password: "hunter2" };
    registry.misbehave = (request, response) => {
      if (request.url?.startsWith("/storage")) {
        request.url = request.url.slice("/storage".length);
        return false;
      }
      if (request.headers.authorization) response.writeHead(307, { location: `/storage${request.url}` }).end();
      else response.writeHead(401, { "www-authenticate": "Basic", "content-length": "0" }).end();
      return true;
    };
    expect(await pulled({ authFile: authFile(me) })).toBe(true);
  });

  test.each<[string, Misbehaviour, RegExp]>([
    ["silent", () => true, /no answer in 0.3 s/],
    [
      "standing still",
      (_, response) => {
        response.writeHead(200, { "content-length": large.length }).write("x");
        return true;
      },
      /hardly a byte passed/,
    ],
    [
      "of another digest",
      (_, response) => {
        response.writeHead(200, { "content-length": large.length }).end(Buffer.alloc(large.length));
        return true;
      },
      /came with the digest/,
    ],
    [
      "too long",
      (_, response) => {
        response.writeHead(200, { "content-length": large.length + 1 }).end(Buffer.alloc(large.length + 1));
        return true;
      },
      /longer than the 5000001 bytes/,
    ],
    [
      "refused",
      (_, response) => !!response.writeHead(403).end(JSON.stringify({ errors: [{ code: "DENIED" }] })),
      /403 \(DENIED\)/,
    ],
    ["no HTTP", (request, _) => !!request.socket.end("SSH-2.0-x\r\n\r\n"), /registry/],
  ])("%s: an error, and soon", async (_, misbehave, message) => {
    registry.misbehave = misbehave;
    await expect(pulled({ attempts: 2 })).rejects.toThrow(message);
  });

  test("end when the caller leaves, and leave no connection", async () => {
    registry.add(large);
    for await (const _ of blobChunks(session(), "a/b", { digest: digestOf(large), size: large.length })) break;
    const giveUp = AbortSignal.timeout(50);
    registry.misbehave = () => true;
    const chunks = blobChunks(session(), "a/b", { digest: digestOf(large), size: large.length }, { signal: giveUp });
    await expect(chunks.next()).rejects.toThrow(/timeout|abort/i);
    for (let waited = 0; (await registry.connections()) > 0 && waited < 50; waited++)
      await new Promise(resolve => setTimeout(resolve, 20));
    expect(await registry.connections()).toBe(0);
  });
});

test.each([
  ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", { status: 200, length: 38 }],
  ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "more"],
  ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", undefined],
  ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", undefined],
  ["HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", undefined],
  ["HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n", undefined],
  ["HTTP/1.1 200 OK\r\n folded: 1\r\nContent-Length: 5\r\n\r\n", undefined],
  ["HTTP/2 200 OK\r\nContent-Length: 5\r\n\r\n", undefined],
  ["x".repeat(70_000), undefined],
])("head %#", (text, expected) => {
  const found = parseHead(Buffer.from(text));
  if (typeof expected === "object") expect(found).toMatchObject(expected);
  else expect(found).toBe(expected);
});

describe("tries", () => {
  test.each([429, 500, 502, 503, 504])("%d passes", async status => {
    registry.add(layer);
    registry.misbehave = (_, response, count) => {
      if (count > 2) return false;
      response.writeHead(status, { "retry-after": "0" }).end();
      return true;
    };
    expect((await pull(layer)).equals(layer)).toBe(true);
    expect(registry.requests).toHaveLength(3);
  });

  test("are bounded, and what the registry said is shown in one printable line", async () => {
    registry.misbehave = (_, response) => {
      response
        .writeHead(500)
        .end(JSON.stringify({ errors: [{ code: "UNKNOWN", message: "no space\nleft \u001b[31mon device" }] }));
      return true;
    };
    await expect(pull(layer, { attempts: 3 })).rejects.toThrow(
      /answered 500 \(UNKNOWN: no space left {2}?\[31mon device\) \(tried 3 times\)/,
    );
  });

  test("are not made where they would not help", async () => {
    await expect(pull(layer)).rejects.toThrow(/answered 404 \(BLOB_UNKNOWN: unknown\)\nSee that .*a\/b holds it/);
    expect(registry.requests).toHaveLength(1);
  });

  test("end when nobody is there", async () => {
    const gone = session();
    await registry.close();
    await expect(pullManifest(gone, "a/b", digestOf(layer))).rejects.toThrow(/connection refused \(tried 4 times\)/);
    registry = await startStandIn();
  });

  test("end when nobody answers", async () => {
    registry.misbehave = () => true;
    await expect(pullManifest(session({ attempts: 2 }), "a/b", digestOf(layer))).rejects.toThrow(/no answer in 0.3 s/);
  });

  test("end at once when the caller gives up", async () => {
    registry.misbehave = () => true;
    const giveUp = AbortSignal.timeout(50);
    await expect(pullManifest(session(), "a/b", digestOf(layer), giveUp)).rejects.toThrow(/abort/i);
  });
});

describe("manifests", () => {
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json" }),
  );
  test("come with their type", async () => {
    const digest = registry.add(manifest);
    expect(await pullManifest(session(), "a/b", digest)).toEqual({
      bytes: manifest,
      mediaType: JSON.parse(manifest.toString()).mediaType,
    });
  });
  test("of another digest, type or size are refused", async () => {
    const digest = digestOf(manifest);
    registry.content.set(digest, Buffer.from("{}"));
    await expect(pullManifest(session(), "a/b", digest)).rejects.toThrow(/came with the digest/);
    await expect(pullManifest(session(), "a/b", registry.add(Buffer.from('{"schemaVersion":1}')))).rejects.toThrow(
      /is of type/,
    );
    await expect(pullManifest(session(), "a/b", registry.add(Buffer.alloc(4 * 1024 * 1024 + 1)))).rejects.toThrow(
      /longer than/,
    );
  });
});

describe("logins", () => {
  const me = { auth: Buffer.from("me:hunter2").toString("base64") };
  const ask401 =
    (header: string): typeof registry.misbehave =>
    (request, response) => {
      if (request.headers.authorization === `Basic ${me.auth}`) return false;
      response.writeHead(401, { "www-authenticate": header }).end();
      return true;
    };

  test("name and password, only once they are asked for", async () => {
    registry.add(layer);
    registry.misbehave = ask401('Basic realm="x"');
    const mine = session({ authFile: authFile(me) });
    for (let i = 0; i < 2; i++)
      expect((await buffer(pullBlob(mine, "a/b", { digest: digestOf(layer), size: layer.length }))).equals(layer)).toBe(
        true,
      );
    expect(registry.headers.map(each => each.authorization !== undefined)).toEqual([false, true, true]);
  });

  test("none known, and wrong ones, end with what to do, and without the password", async () => {
    registry.misbehave = ask401('Basic realm="x"');
    await expect(pull(layer)).rejects.toThrow(/none is known\nLog in/);
    const wrong = { username: "me", password: "hunter3" };
    const error = await pull(layer, { authFile: authFile(wrong) }).catch((found: unknown) => found);
    expect(error).toBeInstanceOf(Failure);
    expect(String(error)).toMatch(/answered 401\nLog in/);
    expect(String(error)).not.toContain("hunter3");
  });

  const bearer = (lives: number): { fetched: () => string[] } => {
    const fetched: string[] = [];
    registry.misbehave = (request, response) => {
      const url = new URL(request.url ?? "", "http://x");
      if (url.pathname === "/token") {
        fetched.push(`${request.method} ${url.search} ${request.headers.authorization ?? ""}`);
        response.end(JSON.stringify({ token: `t${fetched.length}`, expires_in: lives }));
        return true;
      }
      if (request.headers.authorization === `Bearer t${fetched.length}`) return false;
      response
        .writeHead(401, {
          "www-authenticate": `Bearer realm="http://${registry.address}/token",service="r, s",scope="repository:a/b:pull"`,
        })
        .end();
      return true;
    };
    return { fetched: () => fetched };
  };

  test("a token is fetched once for all requests of a scope", async () => {
    registry.add(layer);
    const { fetched } = bearer(300);
    const mine = session({ authFile: authFile(me) });
    const blob = { digest: digestOf(layer), size: layer.length };
    await Promise.all([1, 2, 3, 4].map(() => buffer(pullBlob(mine, "a/b", blob))));
    expect(fetched()).toEqual([`GET ?service=r%2C+s&scope=repository%3Aa%2Fb%3Apull Basic ${me.auth}`]);
  });

  test("a token that has ended is fetched anew", async () => {
    registry.add(layer);
    const { fetched } = bearer(0.01);
    const mine = session();
    const blob = { digest: digestOf(layer), size: layer.length };
    await buffer(pullBlob(mine, "a/b", blob));
    await new Promise(resolve => setTimeout(resolve, 20));
    await buffer(pullBlob(mine, "a/b", blob));
    expect(fetched()).toHaveLength(2);
  });

  test("an identity token is traded, in the body", async () => {
    registry.add(layer);
    const { fetched } = bearer(300);
    await pull(layer, { authFile: authFile({ identitytoken: "id-secret" }) });
    expect(fetched()).toEqual(["POST  "]);
  });

  test.each([
    "ftp://x/token",
    "http://me:pw@x/token",
    "nonsense",
    "http://tokens.example.com/token",
    "http://127.0.0.2/token",
  ])("a realm such as %s gets nothing", async realm => {
    registry.misbehave = (_, response) => {
      response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}"` }).end();
      return true;
    };
    await expect(pull(layer, { authFile: authFile(me) })).rejects.toThrow(/sends us for a token to/);
  });

  test.each([
    ['Bearer realm="https://a/t",service="x"', { scheme: "bearer", realm: "https://a/t", service: "x" }],
    ['Basic realm="r", Bearer realm="https://a/t"', { scheme: "bearer", realm: "https://a/t" }],
    ["basic", { scheme: "basic" }],
    ["Negotiate", undefined],
    [`Bearer realm="${"x".repeat(9000)}"`, undefined],
    [undefined, undefined],
  ])("challenge %#", (header, expected) => {
    const found = parseChallenge(header);
    if (expected) expect(found).toMatchObject(expected);
    else expect(found).toBeUndefined();
  });

  test.each(["[]", "not json", '{"auths": 3}'])("a file such as %s is refused, and not shown", async text => {
    registry.misbehave = ask401("Basic");
    const file = join(directory, "bad.json");
    writeFileSync(file, text);
    await expect(pull(layer, { authFile: file })).rejects.toThrow(
      /bad.json is not in the format of Docker's config.json/,
    );
  });
});

describe("redirects", () => {
  test("are followed, and no credential goes with them to another host", async () => {
    registry.add(layer);
    const storage = await startStandIn("127.0.0.2");
    storage.add(layer);
    registry.misbehave = (request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401, { "www-authenticate": "Basic" }).end();
      else response.writeHead(307, { location: `http://${storage.address}${request.url}` }).end();
      return true;
    };
    try {
      expect((await pull(layer, { authFile: authFile({ username: "me", password: "hunter2" }) })).equals(layer)).toBe(
        true,
      );
      expect(storage.headers.map(each => each.authorization)).toEqual([undefined]);
    } finally {
      await storage.close();
    }
  });

  test("end after five", async () => {
    registry.misbehave = (request, response) => {
      response.writeHead(302, { location: request.url }).end();
      return true;
    };
    await expect(pull(layer)).rejects.toThrow(/redirects GET .* on and on/);
    expect(registry.requests).toHaveLength(6);
  });

  test.each([
    ["/x", "https://a/y", "https://a/x"],
    ["https://b/x", "http://a/", "https://b/x"],
    ["http://169.254.169.254/", "https://a/", undefined],
    ["https://me:pw@b/", "https://a/", undefined],
    ["file:///etc/passwd", "http://a/", undefined],
    ["http://[", "http://a/", undefined],
  ])("%s from %s", (location, from, expected) => expect(redirectTarget(location, new URL(from))?.href).toBe(expected));
});

test("an upload's location is asked with what the registry named, and one on plain http elsewhere is refused", async () => {
  registry.misbehave = (_, response) => {
    response.writeHead(202).end();
    return true;
  };
  const ask = { method: "PATCH", repository: "a/b", body: Buffer.from("x"), expect: [202] } as const;
  const { body } = await session().ask({ ...ask, location: "/v2/a/b/blobs/uploads/1?state=2" });
  body.resume();
  expect(registry.requests).toEqual(["PATCH /v2/a/b/blobs/uploads/1?state=2"]);
  const tls = openRegistry("https://127.0.0.1:1", QUICK);
  await expect(tls.ask({ ...ask, location: "http://127.0.0.1/" })).rejects.toThrow(/as the place to go on/);
  tls.close();
});
