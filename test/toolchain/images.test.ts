// Images made without a daemon: the same bytes every time, valid to others, nothing hostile in or out, pushed by digest.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ImageSpec, type PackedImage, packImage, pushImage } from "../../toolchain/images";
import { run } from "../../toolchain/run";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "palisade-images-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A tree with a program, a link and a directory, as the umask and the day have it. */
function tree(name: string, umask: number, day: number): string {
  const old = process.umask(umask);
  try {
    const source = join(root, name);
    // Written in another order each time, because directories list in the order of writing on some file systems.
    const files = ["usr/bin/program", "etc/z.conf", "etc/a.conf"];
    for (const file of day % 2 ? files : files.reverse()) {
      mkdirSync(join(source, file, ".."), { recursive: true });
      writeFileSync(join(source, file), `content of ${file}`);
      utimesSync(join(source, file), day * 86_400, day * 86_400);
    }
    chmodSync(join(source, "usr/bin/program"), umask === 0 ? 0o4777 : 0o700);
    symlinkSync("/etc/a.conf", join(source, "usr/bin/link"));
    return source;
  } finally {
    process.umask(old);
  }
}

const spec = (source: string): ImageSpec => ({
  layers: [
    { tree: { source } },
    {
      files: [
        { path: "/data", directory: true, uid: 1000, gid: 1000, mode: 0o700 },
        { path: "/etc/z.conf", content: "ours" },
      ],
    },
  ],
  entrypoint: ["/usr/bin/program"],
  environment: { B: "2", A: "1" },
  labels: { "org.opencontainers.image.title": "test" },
  user: "1000:1000",
  workingDirectory: "/data",
  ports: [8080],
});

const pack = (of: ImageSpec, name = "layout") => packImage(of, join(root, name));
const blob = (layout: string, digest: string) => readFileSync(join(root, layout, "blobs", digest.replace(":", "/")));
const listing = async (layout: string, image: PackedImage, layer: number) => {
  const file = join(root, `layer-${layer}.tar`);
  writeFileSync(file, gunzipSync(blob(layout, image.layers[layer]?.digest ?? "")));
  return (
    await run("tar", ["--numeric-owner", "--full-time", "-tvf", file], { env: { ...process.env, TZ: "UTC" } })
  ).stdout
    .trim()
    .split("\n");
};

describe("packImage", () => {
  test("gives the same digest from another directory, day, order of writing and umask", async () => {
    const one = await pack(spec(tree("one", 0o077, 1)), "layout-1");
    const two = await pack(spec(tree("two", 0o000, 20_000)), "deep/layout-2");
    expect(two).toEqual(one);
    const third = tree("three", 0o022, 3);
    writeFileSync(join(third, "etc/a.conf"), "changed");
    expect((await pack(spec(third), "layout-3")).digest).not.toBe(one.digest);
  });

  test("holds just what was asked, without owners, times and set-user-id of the machine", async () => {
    const image = await pack(spec(tree("tree", 0o000, 5)));
    expect(await listing("layout", image, 0)).toEqual([
      "drwxr-xr-x 0/0               0 1970-01-01 00:00:00 etc/",
      "-rw-r--r-- 0/0              21 1970-01-01 00:00:00 etc/a.conf",
      "-rw-r--r-- 0/0              21 1970-01-01 00:00:00 etc/z.conf",
      "drwxr-xr-x 0/0               0 1970-01-01 00:00:00 usr/",
      "drwxr-xr-x 0/0               0 1970-01-01 00:00:00 usr/bin/",
      "lrwxrwxrwx 0/0               0 1970-01-01 00:00:00 usr/bin/link -> ../../etc/a.conf",
      "-rwxr-xr-x 0/0              26 1970-01-01 00:00:00 usr/bin/program",
    ]);
    expect(await listing("layout", image, 1)).toEqual([
      "drwx------ 1000/1000         0 1970-01-01 00:00:00 data/",
      "-rw-r--r-- 0/0               4 1970-01-01 00:00:00 etc/z.conf",
    ]);
    expect(JSON.parse(String(blob("layout", image.config.digest)))).toEqual({
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      created: "1970-01-01T00:00:00Z",
      config: {
        Entrypoint: ["/usr/bin/program"],
        Env: ["A=1", "B=2"],
        ExposedPorts: { "8080/tcp": {} },
        Labels: { "org.opencontainers.image.title": "test" },
        User: "1000:1000",
        WorkingDir: "/data",
      },
      rootfs: { type: "layers", diff_ids: [expect.stringMatching(/^sha256:/), expect.stringMatching(/^sha256:/)] },
    });
    expect(image.mediaType).toBe("application/vnd.oci.image.manifest.v1+json");
    expect(image.layers[0]?.mediaType).toBe("application/vnd.oci.image.layer.v1.tar+gzip");
  });

  test("leaves out what is excluded", async () => {
    const source = tree("tree", 0o022, 5);
    const image = await pack({ ...spec(source), layers: [{ tree: { source, exclude: ["*.conf", "usr/bin/link"] } }] });
    expect((await listing("layout", image, 0)).map(line => line.split(" ").at(-1))).toEqual([
      "etc/",
      "usr/",
      "usr/bin/",
      "usr/bin/program",
    ]);
  });

  test.each(["", "0", "root", "00", "0:0", "0:1000", "postgres", "-1", "4294967296", "1000:x", " 1000"])(
    "the user %j is refused",
    async user => {
      await expect(pack({ ...spec(root), user })).rejects.toThrow(/user is .*(allowed)/);
      expect(readdirSync(root)).toEqual([]);
    },
  );

  test.each<[string, ImageSpec["layers"][number], RegExp]>([
    ["a path that climbs", { files: [{ path: "a/../../b", content: "" }] }, /a\/\.\.\/\.\.\/b.*not plain/],
    ["the root itself", { files: [{ path: "/", directory: true }] }, /not plain/],
    ["a whiteout", { files: [{ path: "etc/.wh.passwd", content: "" }] }, /\.wh\./],
    ["a control character", { files: [{ path: "a\nb", content: "" }] }, /control character/],
    ["a link out", { files: [{ path: "a/b", link: "../../etc/shadow" }] }, /out of the image/],
    ["an absolute link out", { files: [{ path: "a/b", link: "/../etc/shadow" }] }, /out of the image/],
    [
      "a file below a link",
      {
        files: [
          { path: "a", link: "/etc" },
          { path: "a/b", content: "" },
        ],
      },
      /"\/a\/b" lies below "\/a", which is no directory/,
    ],
    [
      "a file below a file",
      {
        files: [
          { path: "a", content: "" },
          { path: "a/b", content: "" },
        ],
      },
      /no directory/,
    ],
    [
      "a name twice",
      {
        files: [
          { path: "a", content: "1" },
          { path: "/a", content: "2" },
        ],
      },
      /twice/,
    ],
    ["two kinds at once", { files: [{ path: "a", content: "1", directory: true }] }, /has 2 of source/],
    ["no kind", { files: [{ path: "a" }] }, /has 0 of source/],
    ["set-user-id", { files: [{ path: "a", content: "", mode: 0o4755 }] }, /never set-user-id/],
    ["a device as source", { files: [{ path: "a", source: "/dev/null" }] }, /regular file is allowed/],
    ["a source that is not there", { files: [{ path: "a", source: "/no/such/file" }] }, /no such file/],
    ["a tree that is not there", { tree: { source: "/no/such/tree" } }, /is no directory/],
  ])("%s is refused and leaves nothing", async (_, layer, reason) => {
    await expect(pack({ ...spec(root), layers: [layer] })).rejects.toThrow(reason);
    expect(readdirSync(root)).toEqual([]);
  });

  test("a file below a link of an earlier layer is refused as well", async () => {
    const layers = [{ files: [{ path: "lib", link: "usr/lib" }] }, { files: [{ path: "lib/x", content: "" }] }];
    await expect(pack({ ...spec(root), layers })).rejects.toThrow(/"\/lib\/x" lies below "\/lib"/);
  });

  test("a tree's link to the machine that packs, and a pipe, are refused", async () => {
    const linked = join(root, "linked");
    mkdirSync(linked);
    symlinkSync(join(linked, "file"), join(linked, "link"));
    await expect(pack({ ...spec(linked), layers: [{ tree: { source: linked } }] })).rejects.toThrow(
      /machine that packs/,
    );
    const piped = join(root, "piped");
    mkdirSync(piped);
    expect((await run("mkfifo", [join(piped, "pipe")])).code).toBe(0);
    await expect(pack({ ...spec(piped), layers: [{ tree: { source: piped } }] })).rejects.toThrow(/files, directories/);
  });

  test("a directory in use is left as it is", async () => {
    writeFileSync(join(root, "precious"), "");
    await expect(packImage(spec(tree("tree", 0o022, 1)), root)).rejects.toThrow(/is not empty/);
    expect(readdirSync(root)).toContain("precious");
  });
});

/** A registry of the pushing half of the distribution protocol: keeps what comes and counts it. */
async function registry(): Promise<{
  server: Server;
  host: string;
  blobs: Map<string, Buffer>;
  uploads: () => number;
  manifests: Map<string, Buffer>;
}> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Buffer>();
  let uploads = 0;
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://registry");
    const body = Buffer.concat(await request.toArray());
    const last = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
    const answer = (status: number, headers: Record<string, string> = {}) => response.writeHead(status, headers).end();
    if (url.pathname === "/v2/") return answer(200);
    const held = blobs.get(last) ?? manifests.get(last);
    if (request.method === "HEAD")
      return answer(held ? 200 : 404, {
        "content-type": "application/vnd.oci.image.manifest.v1+json",
        "content-length": String(held?.length ?? 0),
        "docker-content-digest": last,
      });
    if (request.method === "POST") return answer(202, { location: "/v2/upload/1" });
    if (request.method === "PATCH") {
      blobs.set("pending", body);
      return answer(202, { location: "/v2/upload/1" });
    }
    if (request.method === "PUT" && url.pathname.startsWith("/v2/upload/")) {
      uploads += 1;
      blobs.set(url.searchParams.get("digest") ?? "", blobs.get("pending") ?? Buffer.alloc(0));
      return answer(201);
    }
    if (request.method === "PUT" && url.pathname.includes("/manifests/")) {
      manifests.set(last, body);
      return answer(201);
    }
    return answer(405);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  return {
    server,
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs,
    uploads: () => uploads,
    manifests,
  };
}

describe("pushImage", () => {
  test("sends blobs once and the manifest by digest, and says where it is", async () => {
    const { server, host, uploads, manifests } = await registry();
    try {
      const one: ImageSpec = { user: "1000", layers: [{ files: [{ path: "a", content: "a" }] }] };
      const image = await pack(one, "one");
      expect(await pushImage(join(root, "one"), host, "team/one")).toBe(`${host}/team/one@${image.digest}`);
      expect([...manifests.keys()]).toEqual([image.digest]);
      expect(uploads()).toBe(2);
      await pushImage(join(root, "one"), host, "team/one");
      expect(uploads()).toBe(2);
      await pack({ ...one, layers: [...one.layers, { files: [{ path: "b", content: "b" }] }] }, "two");
      await pushImage(join(root, "two"), host, "team/one");
      expect(uploads()).toBe(4);
    } finally {
      server.close();
    }
  });

  test("a layout that was altered is not sent", async () => {
    const image = await pack({ user: "1000", layers: [{ files: [{ path: "a", content: "a" }] }] });
    const file = join(root, "layout", "blobs", (image.layers[0]?.digest ?? "").replace(":", "/"));
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from("x")]));
    await expect(pushImage(join(root, "layout"), "127.0.0.1:1", "a")).rejects.toThrow(
      /does not hold what its digests say/,
    );
  });

  // The library would: these are private addresses, and it takes those for trusted.
  test.each(["10.255.255.1:5000", "192.168.255.254"])("%s is never spoken to in clear", async host => {
    await pack({ user: "1000", layers: [{ files: [{ path: "a", content: "a" }] }] });
    await expect(pushImage(join(root, "layout"), host, "a")).rejects.toThrow(/loopback only/);
  });
});
