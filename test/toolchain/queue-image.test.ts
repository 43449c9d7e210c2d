// The queue and its front, asked by Amazon's own SDK: who may send and receive, what comes again, and what a restart leaves (CP-11, CP-12).
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { run } from "../../toolchain/run";
import { freePort } from "../../toolchain/sandbox";
import { ensureToolchain } from "../../toolchain/toolchain";
import { thirdPartyImages } from "../images/third-party";
import { makeAuthority, makeCertificate } from "./certificates";
import { type Contained, type UnpackedImage, unpackImage } from "./contained";

let images: { queue: UnpackedImage; front: UnpackedImage };
const directory = mkdtempSync(join(tmpdir(), "palisade-queue-"));
beforeAll(async () => {
  const made = await thirdPartyImages(["queue", "queue-front"]);
  images = { queue: await unpackImage(made.queue.layout), front: await unpackImage(made["queue-front"].layout) };
}, 900_000);
afterAll(() => {
  images.queue.remove();
  images.front.remove();
  rmSync(directory, { recursive: true });
});

const started: Contained[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one.kill();
});

const uid = 1001;
const queues = `
queues {
  render { defaultVisibilityTimeout = 2 seconds, deadLettersQueue { name = "render-dead", maxReceiveCount = 2 } }
  render-dead {}
}
`;
const allowed = ["gate/SendMessage/render", "renderer/ReceiveMessage/render", "renderer/DeleteMessage/render"];

async function home() {
  chmodSync(directory, 0o755);
  await makeAuthority(directory);
  for (const name of ["server", "gate", "renderer"]) await makeCertificate(directory, name);
  mkdirSync(join(directory, "data"));
  chownSync(join(directory, "data"), uid, uid);
  const config = readFileSync(join(__dirname, "..", "images", "queue", "elasticmq.conf"), "utf8");
  const port = await freePort();
  writeFileSync(
    join(directory, "elasticmq.conf"),
    config.replaceAll("9324", String(port)).replace("queues {}", queues),
  );
  appendFileSync(join(directory, "allowed.map"), allowed.map(line => `${line} 1\n`).join(""));
  return port;
}

test("the gate sends, the renderer receives, and nobody does what is another's", async () => {
  const { python } = (await ensureToolchain()).localAws;
  const [port, frontPort] = [await home(), await freePort()];
  const serve = () => {
    const queue = images.queue.start({
      memory: ["/tmp"],
      volumes: { "/data": join(directory, "data"), "/mnt": directory },
      command: images.queue.config.Entrypoint?.map(word => word.replace("/opt/elasticmq.conf", "/mnt/elasticmq.conf")),
    });
    started.push(queue);
    return queue;
  };
  const queue = serve();
  const front = images.front.start({
    memory: ["/tmp"],
    environment: { QUEUE_FRONT_PORT: String(frontPort), QUEUE_PORT: String(port) },
    volumes: { "/etc/queue-front": directory, "/usr/local/etc/haproxy/maps": directory },
    args: ["-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
  });
  started.push(front);
  const endpoint = `https://localhost:${frontPort}`;
  const as = async (name: string, ...steps: string[]) => {
    const script = join(__dirname, "fixtures", "ask_queue.py");
    const { stdout, stderr } = await run(python, [script, endpoint, directory, name, ...steps]);
    if (!stdout) throw new Error(stderr.split("\n").slice(-3).join("\n"));
    return JSON.parse(stdout) as unknown[];
  };
  await expect
    .poll(() => as("gate", "send:render:first").catch((error: Error) => [error.message]), {
      timeout: 90_000,
      interval: 1_000,
    })
    .toEqual(["sent"]);
  expect(await as("gate", "receive:render", "send:render-dead:x", "create:other")).toEqual([403, 403, 403]);
  expect(await as("renderer", "send:render:x")).toEqual([403]);

  // Received and not deleted, it comes again; after the second time it is set aside.
  expect(await as("renderer", "receive:render")).toEqual(["first"]);
  await new Promise(resolve => setTimeout(resolve, 2_500));
  expect(await as("renderer", "receive:render")).toEqual(["first"]);
  await new Promise(resolve => setTimeout(resolve, 2_500));
  expect(await as("renderer", "receive:render")).toEqual([null]);

  // What was sent and not deleted outlives the queue. What was deleted just before its end may come again, as on SQS.
  expect(await as("gate", "send:render:later", "send:render:third")).toEqual(["sent", "sent"]);
  const [deleted] = await as("renderer", "receive:render:delete");
  expect(["later", "third"]).toContain(deleted);
  await queue.kill();
  serve();
  const left: unknown[] = [];
  const read = () =>
    as("renderer", "receive:render:delete").then(
      bodies => left.push(...bodies),
      () => undefined,
    );
  await expect.poll(() => read().then(() => left), { timeout: 90_000, interval: 1_000 }).not.toHaveLength(0);
  // Read until nothing comes for longer than a reader may keep a message to itself.
  for (let i = 0; i < 5 && !(left.at(-1) === null && left.at(-2) === null); i++) await read();
  expect(left.slice(-2)).toEqual([null, null]);
  expect(left).toContain(deleted === "later" ? "third" : "later");

  // Two readings of one request: the front believes neither.
  const [key, cert, ca] = ["gate.key", "gate.crt", "ca.pem"].map(file => readFileSync(join(directory, file)));
  const raw = (body: string, target = "AmazonSQS.SendMessage", identity: object = { key, cert }) =>
    new Promise<number | string>(resolve => {
      const headers = { "x-amz-target": target, "content-type": "application/x-amz-json-1.0" };
      const call = request(endpoint, { method: "POST", ca, ...identity, headers, agent: false }, answer => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      call.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error")).end(body);
    });
  const url = (name: string) => `"${endpoint}/000000000000/${name}"`;
  expect(await raw(`{"QueueUrl":${url("render")},"MessageBody":"fourth"}`)).toBe(200);
  expect(await raw(`{"QueueUrl":${url("render")},"MessageBody":"x","QueueUrl":${url("render-dead")}}`)).toBe(403);
  expect(await raw(`{"QueueUrl":${url("render")},"MessageBody":"x","Queue\\u0055rl":${url("render-dead")}}`)).toBe(403);
  expect(await raw("Action=SendMessage", "")).toBe(403);
  expect(await raw(`{"QueueUrl":${url("render")},"MessageBody":"x"}`, undefined, {})).not.toBe(200);
  expect(queue.output() + front.output()).not.toContain("later");
}, 400_000);
