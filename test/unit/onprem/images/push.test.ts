// Images into a registry: each byte once, on after a cut, and a message that an operator can act on.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { provenance } from "../../../../src/onprem/attest/statements";
import { pushImages } from "../../../../src/onprem/images/push";
import type { ImageSource } from "../../../../src/onprem/images/source";
import { imageCheck } from "../../../../src/onprem/images/verify";
import { referrersOf } from "../../../../src/onprem/registry/referrers";
import { openRegistry } from "../../../../src/onprem/registry/session";
import { buildTypes } from "../../../../src/onprem/signing/provenance";
import { Failure } from "../../../../toolchain/failure";
import { MadeBundle, PROVENANCE, SIGNATURE } from "./image-bundle";
import { type Behaviour, PushRegistry } from "./push-registry";

let root: string;
let bundle: MadeBundle;
const stops: (() => unknown)[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "palisade-push-"));
  bundle = new MadeBundle(root);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  rmSync(root, { recursive: true });
});

async function registry(behaviour: Behaviour) {
  const made = await new PushRegistry(behaviour).start();
  const session = openRegistry(made.address, { pauseMs: 1 });
  stops.push(
    () => session.close(),
    () => made.stop(),
  );
  return { made, session };
}

function twoImages() {
  const shared = bundle.layer(300_000);
  const one = bundle.image("sanctum/backend", [shared, bundle.layer(700_000)]);
  const two = bundle.image("palisade/collector", [shared]);
  return { shared, one, two };
}

const BUILD = { builderId: "b", pipelineId: "p", source: "s", gitSha: "0".repeat(40), parameters: {} };
const WHOLE: Behaviour = { mounts: true, resumes: true, referrers: true };

describe("pushImages", () => {
  test.each([
    ["lends blobs and lists referrers", WHOLE],
    ["does neither", {}],
  ])("brings everything to a registry that %s, and nothing twice", async (_, behaviour) => {
    const { shared, one, two } = twoImages();
    const { made, session } = await registry(behaviour);
    const steps: number[] = [];
    const first = await pushImages(session, bundle, {
      tag: ({ digest }) => `1.0.0-${digest.slice(7, 19)}`,
      onProgress: ({ bytes }) => steps.push(bytes),
    });
    expect(first.references).toEqual({
      "sanctum/backend": `${made.address}/sanctum/backend@${one.digest}`,
      "palisade/collector": `${made.address}/palisade/collector@${two.digest}`,
    });
    for (const { repository, digest } of [one, two]) {
      const held = made.manifests.get(`${repository}/${digest}`);
      expect(held?.bytes).toEqual(await bundle.read({ digest }));
      expect(made.manifests.get(`${repository}/1.0.0-${digest.slice(7, 19)}`)?.bytes).toEqual(held?.bytes);
      const { manifests, api } = await referrersOf(session, repository, digest);
      expect(api).toBe(behaviour.referrers === true);
      expect(manifests).toHaveLength(2);
    }
    expect(bundle.opened.get(shared.digest)).toBe(behaviour.mounts ? 1 : 2);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));

    const before = made.log.length;
    const second = await pushImages(session, bundle, {
      tag: ({ digest }) => `1.0.0-${digest.slice(7, 19)}`,
    });
    expect(second).toMatchObject({ blobs: { pushed: 0, mounted: 0 }, bytes: 0, manifests: 0 });
    expect(made.log.slice(before).filter(line => !/^(HEAD|GET) /.test(line))).toEqual([]);
  });

  test("goes on at the byte where an upload was cut, and counts no byte twice", async () => {
    const layer = bundle.layer(3_000_000);
    bundle.image("a", [layer]);
    let cuts = 0;
    const { made, session } = await registry({
      ...WHOLE,
      fault: ({ method, url }) =>
        (method === "PUT" || method === "PATCH") && url.includes("/uploads/") && cuts < 9 && ++cuts
          ? { cut: 250_000 }
          : undefined,
    });
    let last = 0;
    await pushImages(session, bundle, { parallel: 1, onProgress: ({ bytes }) => (last = bytes) });
    expect(made.blobs.get(layer.digest)?.length).toBe(layer.size);
    // Nine cuts are more than the tries in all: these are counted anew once a MiB more is there.
    expect(cuts).toBe(9);
    expect(made.count("PATCH ")).toBeGreaterThan(5);
    expect(last).toBeGreaterThanOrEqual(3_000_000);
  });

  test("gives up where each try brings a few bytes more", async () => {
    bundle.image("a", [bundle.layer(20_000)]);
    const { made, session } = await registry({
      ...WHOLE,
      fault: ({ method, url }) =>
        (method === "PUT" || method === "PATCH") && url.includes("/uploads/") ? { cut: 64 } : undefined,
    });
    await expect(pushImages(session, bundle, { parallel: 1 })).rejects.toThrow(
      /connection was cut.*\(tried 6 times\)/s,
    );
    expect(made.count("PATCH ")).toBeLessThan(6);
  });

  test("begins again where a registry keeps nothing, and gives up in the end", async () => {
    bundle.image("a", [bundle.layer(500_000)]);
    const fault: Behaviour["fault"] = ({ method, url }) =>
      method === "PUT" && url.includes("/uploads/") ? { cut: 100_000 } : undefined;
    const { made, session } = await registry({ fault });
    await expect(pushImages(session, bundle)).rejects.toThrow(
      /image a@sha256:[0-9a-f]{64}: registry 127\.0\.0\.1:\d+ did not take blob sha256:[0-9a-f]{64} of a: .*connection was cut.*\(tried 6 times\)\nSee that the registry runs/s,
    );
    expect(made.count("PUT /v2/a/blobs")).toBeLessThanOrEqual(4 * 6);
  });

  test.each([
    [507, ""],
    [500, '{"errors":[{"code":"UNKNOWN","detail":{"Enclosed":{"Op":"write","Err":28}}}]}'],
    [500, "write /var/lib/registry/x: no space left on device"],
    [403, '{"errors":[{"code":"DENIED","message":"adding 5 MiB of storage exceeds the quota"}]}'],
  ])("says that a registry is full: %s %s", async (status, text) => {
    bundle.image("sanctum/backend", [bundle.layer(1000)]);
    const { made, session } = await registry({
      fault: ({ method, url }) => (method === "PUT" && url.includes("/uploads/") ? { status, text } : undefined),
    });
    await expect(pushImages(session, bundle, { parallel: 1 })).rejects.toThrow(
      /image sanctum\/backend@sha256:\S+: registry \S+ has no room for blob sha256:\S+ of sanctum\/backend.*\nGive the registry more disk or quota/s,
    );
    expect(made.count("PUT ")).toBe(2);
    expect(made.count("DELETE ")).toBe(2);
  });

  test.each([
    [413, /allows no request as large as blob .*client_max_body_size/s],
    [403, /refuses blob .*--registry-auth FILE/s],
  ])("tries %s once", async (status, message) => {
    bundle.image("a", [bundle.layer(1000)]);
    const { made, session } = await registry({
      fault: ({ method, url }) => (method === "PUT" && url.includes("/uploads/") ? { status } : undefined),
    });
    await expect(pushImages(session, bundle, { parallel: 1 })).rejects.toThrow(message);
    expect(made.count("PUT ")).toBe(1);
  });

  test("sends nothing when the bundle says that its own bytes were altered, and blames no registry", async () => {
    const layer = bundle.layer(100_000);
    bundle.image("a", [layer]);
    const { session } = await registry(WHOLE);
    const stream: ImageSource["stream"] = (blob, start) => {
      const stream = bundle.stream(blob, start);
      if (blob.digest === layer.digest) queueMicrotask(() => stream.destroy(new Failure("altered since", "again")));
      return stream;
    };
    const altered: ImageSource = { index: bundle.index, read: blob => bundle.read(blob), stream, pieces: stream };
    await expect(pushImages(session, altered)).rejects.toThrow(/^image a@sha256:\S+: altered since\nagain$/);
  });

  test("sends nothing before every image was checked", async () => {
    twoImages();
    const { made, session } = await registry(WHOLE);
    const asked: string[] = [];
    const check = (text: string, expected: { predicateType: string; subject: string }) => {
      expect(JSON.parse(text)).toEqual(expected);
      asked.push(`${expected.predicateType} ${expected.subject}`);
      if (expected.subject === bundle.images[1]?.digest) throw new Failure("it is by another key", "");
      return provenance(buildTypes.image, [], BUILD);
    };
    await expect(pushImages(session, bundle, { verify: imageCheck(bundle, check) })).rejects.toThrow(
      /image palisade\/collector@sha256:\S+ is refused: its signature: it is by another key\n.*(plan|verify) BUNDLE/s,
    );
    expect(asked).toEqual([
      `${SIGNATURE} ${bundle.images[0]?.digest}`,
      `${PROVENANCE} ${bundle.images[0]?.digest}`,
      `${SIGNATURE} ${bundle.images[1]?.digest}`,
    ]);
    expect(made.log).toEqual([]);
  });

  test.each([[[SIGNATURE]], [[PROVENANCE]], [[]]])("refuses an image with %j alone", async attached => {
    bundle.image("a", [bundle.layer(10)], attached);
    const { made, session } = await registry(WHOLE);
    const verify = imageCheck(bundle, () => ({}));
    await expect(pushImages(session, bundle, { verify })).rejects.toThrow(/it has no (signature|provenance)/);
    expect(made.log).toEqual([]);
  });
});

test("a request that waited for another's connection has all the time that any other has", async () => {
  const server = createServer((_, response) => void setTimeout(() => response.end(), 300));
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const session = openRegistry(`127.0.0.1:${port}`, { connections: 1, attempts: 1, limits: { connectMs: 100 } });
  stops.push(
    () => session.close(),
    () => server.close(),
  );
  const ask = () => session.bytes({ method: "GET", repository: "a", path: "tags/list", expect: [200] }, 10);
  await expect(Promise.all([ask(), ask(), ask()])).resolves.toHaveLength(3);
});
