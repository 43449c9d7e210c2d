// A registry behind TLS: large and small blobs come, and only by a certificate that is trusted.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blobChunks } from "../../../src/onprem/registry/pull";
import { openRegistry } from "../../../src/onprem/registry/session";
import { randomLayer } from "./make-inputs";
import { digestOf } from "./registry-stand-in";

let directory: string;
let server: Server;
let address: string;
let bytes: Buffer;
const at = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "palisade-tls-"));
  const names = ["-subj", "/CN=registry", "-addext", "subjectAltName=IP:127.0.0.1"];
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    at("key"),
    "-out",
    at("ca"),
  ];
  execFileSync("openssl", ["req", "-x509", "-days", "2", ...key, ...names], { stdio: "ignore" });
  writeFileSync(at("auth.json"), "{}");
  server = createServer({ key: readFileSync(at("key")), cert: readFileSync(at("ca")) }, (_, response) => {
    response.writeHead(200, { "content-length": bytes.length }).end(bytes);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
  rmSync(directory, { recursive: true });
});

test.each([1000, 6_000_001])("%d bytes", async size => {
  bytes = randomLayer(5, size);
  const pulled = async (ca?: Buffer) => {
    const session = openRegistry(address, { ca, authFile: at("auth.json"), pauseMs: 2 });
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of blobChunks(session, "a/b", { digest: digestOf(bytes), size }))
        chunks.push(Buffer.from(chunk));
    } finally {
      session.close();
    }
    return Buffer.concat(chunks).equals(bytes);
  };
  expect(await pulled(readFileSync(at("ca")))).toBe(true);
  await expect(pulled()).rejects.toThrow(/certificate is not trusted.*\n.*--registry-ca FILE/);
});
