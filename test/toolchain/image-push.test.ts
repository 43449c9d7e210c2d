// Images to Debian's registry and from the bundle's own: cut, full, killed; and as skopeo sees them.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pushImages } from "../../src/onprem/images/push";
import { type BundleRegistry, type ServeOptions, serveImages } from "../../src/onprem/images/serve";
import { pullManifest } from "../../src/onprem/registry/pull";
import { fallbackTag, referrersOf } from "../../src/onprem/registry/referrers";
import { openRegistry, type SessionOptions } from "../../src/onprem/registry/session";
import { run } from "../../toolchain/run";
import { MadeBundle } from "../unit/onprem/images/image-bundle";
import { skopeo, type Tool } from "./debian-tools";
import { debianRegistry, droppingProxy } from "./registries";

let copier: Tool;
beforeAll(async () => {
  copier = await skopeo();
}, 300_000);

let root: string;
let bundle: MadeBundle;
const stops: (() => unknown)[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "palisade-image-push-"));
  mkdirSync(join(root, "blobs"));
  bundle = new MadeBundle(join(root, "blobs"));
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  rmSync(root, { recursive: true });
});

function session(address: string, options: SessionOptions = {}) {
  const opened = openRegistry(address, options);
  stops.push(() => opened.close());
  return opened;
}

async function registry(room?: number) {
  const running = await debianRegistry(join(root, "registry"), room);
  stops.push(running.stop);
  return running;
}

async function served(options: ServeOptions = {}): Promise<BundleRegistry> {
  const running = await serveImages(bundle, options);
  stops.push(() => running.close());
  return running;
}

const copy = (...words: string[]) => run(copier.program, [...copier.args, "--insecure-policy", "copy", ...words]);

/** Images that share a layer, in three repositories. */
function images(megabytes: number) {
  const shared = bundle.layer(megabytes * 1024 * 1024);
  bundle.image("sanctum/backend", [shared, bundle.layer(1_000_000), bundle.layer(10)]);
  bundle.image("sanctum/frontend", [shared]);
  bundle.image("palisade/collector", [bundle.layer(2_000_000)]);
  return { shared };
}

/** Every image is there whole, by skopeo's own judgement, and what is attached to it is listed. */
async function expectWhole(address: string): Promise<void> {
  for (const { repository, digest } of bundle.images) {
    const target = join(root, `copy-${repository.replace("/", "-")}`);
    const copied = await copy("--src-tls-verify=false", `docker://${address}/${repository}@${digest}`, `dir:${target}`);
    expect(copied.stderr).toBe("");
    expect(readFileSync(join(target, "manifest.json"))).toEqual(readFileSync(bundle.file(digest)));
    const listed = await referrersOf(session(address), repository, digest);
    expect(listed.manifests).toHaveLength(2);
    for (const { digest: attached } of listed.manifests) await pullManifest(session(address), repository, attached);
  }
}

describe("Debian's registry", () => {
  test("gets each blob once, and nothing when the same is run again", async () => {
    const { shared } = images(5);
    const { address } = await registry();
    const done = await pushImages(session(`${address}/customer/palisade`), bundle);
    expect(done.references["sanctum/backend"]).toContain(`${address}/customer/palisade/sanctum/backend@sha256:`);
    expect(bundle.opened.get(shared.digest)).toBe(1);
    expect(done.blobs.mounted).toBeGreaterThanOrEqual(1);
    const again = await pushImages(session(`${address}/customer/palisade`), bundle);
    expect(again).toMatchObject({ blobs: { pushed: 0, mounted: 0 }, bytes: 0, manifests: 0 });
    // It has no API for referrers: what is attached is found by the tag.
    const [image] = bundle.images;
    const inspected = await run(copier.program, [
      ...copier.args,
      "inspect",
      "--raw",
      "--tls-verify=false",
      `docker://${address}/customer/palisade/sanctum/backend:${fallbackTag(image?.digest ?? "")}`,
    ]);
    expect(JSON.parse(inspected.stdout).manifests).toHaveLength(2);
  });

  test("gets everything though every tenth connection is dropped", async () => {
    images(1);
    for (let more = 0; more < 6; more++) bundle.image(`many/image-${more}`, [bundle.layer(300_000)]);
    const { address } = await registry();
    // After so many bytes a connection has had several requests: it is cut in a blob, a manifest or a question.
    const proxy = await droppingProxy(address, 10, 200_000);
    stops.push(proxy.stop);
    const few = { connections: 2, pauseMs: 5 };
    for (let rounds = 0; proxy.dropped() < 3 && rounds < 40; rounds++) {
      // A new session has new connections, of which every tenth is dropped.
      await pushImages(session(proxy.address, few), bundle, { parallel: 2 });
      // One for each connection: whichever is dropped has a blob to lose.
      bundle.image(`round/image-${rounds}`, [bundle.layer(300_000), bundle.layer(300_000)]);
    }
    expect(proxy.dropped()).toBeGreaterThanOrEqual(3);
    await pushImages(session(proxy.address, few), bundle);
    await expectWhole(address);
  });

  test("that is full is named, with the image; with more room the same run finishes", async () => {
    const { shared } = images(12);
    const small = await registry(8);
    const oneByOne = { parallel: 1 };
    await expect(pushImages(session(small.address, { pauseMs: 5 }), bundle, oneByOne)).rejects.toThrow(
      new RegExp(
        `image sanctum/backend@sha256:\\S+, sanctum/frontend@sha256:\\S+: registry ${small.address} has no room for blob ${shared.digest} of sanctum/backend.*more disk or quota`,
        "s",
      ),
    );
    const roomy = await debianRegistry(join(root, "roomy"), 64);
    stops.push(roomy.stop);
    await pushImages(session(roomy.address), bundle);
    await expectWhole(roomy.address);
  });

  test("keeps what a killed run had sent, and the next run sends the rest alone", async () => {
    const layers = Array.from({ length: 6 }, () => bundle.layer(6_000_000));
    const image = bundle.image("a/b", layers, []);
    const list = join(root, "list.json");
    const manifest = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: image.digest,
      size: readFileSync(bundle.file(image.digest)).length,
    };
    writeFileSync(list, JSON.stringify([{ repository: "a/b", manifest }]));
    const { address } = await registry();
    const script = join(__dirname, "fixtures", "push-images.ts");
    const start = (killAt: number) =>
      new Promise<{ code: number | null; last: string; error: string }>(resolve => {
        const child = spawn(process.execPath, ["--require", "tsx/cjs", script, join(root, "blobs"), list, address]);
        let last = "";
        let error = "";
        child.stderr.on("data", chunk => {
          error += chunk;
        });
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          last = text.trim().split("\n").at(-1) ?? last;
          if (Number(last) > killAt) child.kill("SIGKILL");
        });
        child.once("close", code => resolve({ code, last, error }));
      });
    expect(await start(20_000_000)).toMatchObject({ code: null });
    const rest = await start(Number.POSITIVE_INFINITY);
    expect(rest).toMatchObject({ code: 0, error: "" });
    const { blobs, bytes } = JSON.parse(rest.last);
    expect(blobs.present).toBeGreaterThanOrEqual(3);
    expect(bytes).toBeLessThanOrEqual(3 * 6_010_000 + 10_000);
    const third = await start(Number.POSITIVE_INFINITY);
    expect(JSON.parse(third.last)).toMatchObject({ blobs: { pushed: 0, present: 7 }, manifests: 0 });
  });
});

describe("the registry that a bundle brings", () => {
  test("is one to skopeo, over http on loopback and over TLS", async () => {
    images(3);
    await expectWhole((await served()).address);
    const [cert, key] = [join(root, "cert.pem"), join(root, "key.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const made = await run("openssl", [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "1",
      "-keyout",
      key,
      "-out",
      cert,
      ...subject,
    ]);
    expect(made.code).toBe(0);
    const { address } = await served({ tls: { cert: readFileSync(cert), key: readFileSync(key) } });
    const trusted = join(root, "trusted");
    mkdirSync(trusted);
    writeFileSync(join(trusted, "ca.crt"), readFileSync(cert));
    const [image] = bundle.images;
    const from = `docker://${address}/${image?.repository}@${image?.digest}`;
    const copied = await copy("--src-cert-dir", trusted, from, `dir:${join(root, "tls")}`);
    expect(copied).toMatchObject({ code: 0, stderr: "" });
    expect((await copy(from, `dir:${join(root, "untrusted")}`)).stderr).toContain("certificate");
  });

  test("gives out parts of blobs, and nothing that is not the repository's own", async () => {
    const { shared } = images(1);
    const lines: object[] = [];
    const { address } = await served({ prefix: "x", tag: () => "v1", onRequest: line => lines.push(line) });
    const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
      new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
        const question = get(`http://${address}${path}`, { headers, method, agent: false }, answer => {
          const chunks: Buffer[] = [];
          answer.on("data", chunk => chunks.push(chunk));
          answer.on("end", () =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
          );
          answer.on("error", reject);
        });
        question.on("error", reject);
      });
    const bytes = readFileSync(bundle.file(shared.digest));
    const blob = `/v2/x/sanctum/backend/blobs/${shared.digest}`;
    expect((await ask("/v2/")).status).toBe(200);
    const all = await ask(blob);
    expect(all.status).toBe(200);
    expect(all.body.equals(bytes)).toBe(true);
    expect(await ask(blob, {}, "HEAD")).toMatchObject({
      status: 200,
      headers: { "content-length": String(bytes.length), "docker-content-digest": shared.digest },
      body: Buffer.alloc(0),
    });
    for (const [range, start, end] of [
      ["bytes=0-0", 0, 1],
      ["bytes=1000-", 1000, bytes.length],
      ["bytes=300000-700000", 300_000, 700_001],
      ["bytes=-17", bytes.length - 17, bytes.length],
    ] as const) {
      const part = await ask(blob, { range });
      expect(part.status).toBe(206);
      expect(part.headers["content-range"]).toBe(`bytes ${start}-${end - 1}/${bytes.length}`);
      expect(part.body.equals(bytes.subarray(start, end))).toBe(true);
    }
    expect((await ask(blob, { range: `bytes=${bytes.length}-` })).status).toBe(416);
    expect((await ask("/v2/x/sanctum/backend/manifests/v1")).headers["docker-content-digest"]).toBe(
      bundle.images[0]?.digest,
    );
    expect(JSON.parse(String((await ask("/v2/x/sanctum/backend/tags/list")).body)).tags).toEqual(["v1"]);
    const type = "application/vnd.none";
    const referrers = await ask(`/v2/x/sanctum/backend/referrers/${bundle.images[0]?.digest}?artifactType=${type}`);
    expect(referrers.headers["oci-filters-applied"]).toBe("artifactType");
    expect(JSON.parse(String(referrers.body)).manifests).toEqual([]);
    for (const path of [
      `/v2/x/palisade/collector/blobs/${shared.digest}`,
      `/v2/sanctum/backend/blobs/${shared.digest}`,
      "/v2/x/sanctum/backend/manifests/latest",
      "/v2/x/../../etc/passwd",
      "/v2/_catalog",
      "/",
    ])
      expect((await ask(path)).status, path).toBe(404);
    expect((await ask(blob, {}, "DELETE")).status).toBe(405);
    expect(lines).toContainEqual({ method: "DELETE", path: blob, status: 405 });
  });

  test("speaks plain http with nobody else, and says when its port is taken", async () => {
    images(1);
    await expect(served({ host: "0.0.0.0" })).rejects.toThrow(/over plain http.*--tls-cert FILE --tls-key FILE/s);
    const { address } = await served();
    await expect(served({ port: Number(address.split(":")[1]) })).rejects.toThrow(/EADDRINUSE.*--listen HOST:PORT/s);
  });
});
