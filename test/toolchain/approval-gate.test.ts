// The approval gate against a real API server and a local S3 and SQS: who may decide, once per version, recorded before it is sent (CP-11).
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { checkLogLines } from "../../src/workload/log-check";
import { goEnv } from "../../toolchain/build";
import { goProgram } from "../../toolchain/go-program";
import { run } from "../../toolchain/run";
import { freePort } from "../../toolchain/sandbox";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { type ApiServer, startApiServer } from "./api-server";
import { makeAuthority, makeCertificate } from "./certificates";

const source = join(PROJECT_DIRECTORY, "images", "approval-gate");
const directory = mkdtempSync(join(tmpdir(), "palisade-gate-"));
let binary: string;
let api: ApiServer;
beforeAll(async () => {
  binary = await goProgram({ name: "approval-gate", module: source });
  await makeAuthority(directory);
  await makeCertificate(directory, "gate");
  api = await startApiServer();
  await api.kubectl(["create", "namespace", "approvals"]);
  await api.kubectl(["apply", "-f", "-"], rights);
}, 900_000);
afterAll(async () => {
  await api?.stop();
  rmSync(directory, { recursive: true });
});

const rbac = "rbac.authorization.k8s.io";
const account = (name: string) => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, namespace: "approvals" },
});
const role = (kind: string, name: string, rules: object[]) => ({
  apiVersion: `${rbac}/v1`,
  kind,
  metadata: { name, namespace: "approvals" },
  rules,
});
const bind = (kind: string, name: string, to: string, of: string) => ({
  apiVersion: `${rbac}/v1`,
  kind,
  metadata: { name, namespace: "approvals" },
  roleRef: { apiGroup: rbac, kind: kind.replace("Binding", ""), name: to },
  subjects: [{ kind: "ServiceAccount", name: of, namespace: "approvals" }],
});

/** The least the gate needs, as docs/platform-images.md lists it, and a person who may approve. */
const rights = {
  apiVersion: "v1",
  kind: "List",
  items: [
    ...["gate", "editor", "reader"].map(account),
    role("Role", "gate", [{ apiGroups: [""], resources: ["configmaps"], verbs: ["create", "get", "list", "update"] }]),
    bind("RoleBinding", "gate", "gate", "gate"),
    role("ClusterRole", "gate-reviews", [
      { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
      { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
    ]),
    bind("ClusterRoleBinding", "gate-reviews", "gate-reviews", "gate"),
    role("Role", "editors", [
      {
        apiGroups: ["approvals.palisade.dev"],
        resources: ["approvals"],
        resourceNames: ["script"],
        verbs: ["create", "get"],
      },
    ]),
    bind("RoleBinding", "editors", "editors", "editor"),
  ],
};

const children: ChildProcess[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) server.close();
  await api.kubectl(["delete", "configmaps", "-n", "approvals", "-l", "palisade.dev/approval"]);
});

/** As much of S3 and SQS as the gate asks: two versions of one object, and a queue that takes or refuses messages. */
async function services(takes: () => boolean) {
  const versions: Record<string, string> = { v1: "one", v2: "two" };
  const messages: Record<string, unknown>[] = [];
  const s3 = createServer((asked, response) => {
    const url = new URL(asked.url ?? "", "http://s3");
    if (url.pathname === "/content" || url.pathname === "/content/") {
      const listed = Object.keys(versions).map(
        id =>
          `<Version><Key>scripts/a b.txt</Key><VersionId>${id}</VersionId><Size>3</Size><LastModified>2030-01-01T00:00:00.000Z</LastModified></Version>`,
      );
      return response.end(
        `<?xml version="1.0"?><ListVersionsResult><IsTruncated>false</IsTruncated>${listed.join("")}</ListVersionsResult>`,
      );
    }
    const body =
      url.pathname === "/content/scripts/a%20b.txt" ? versions[url.searchParams.get("versionId") ?? ""] : undefined;
    if (body !== undefined) return response.end(body);
    response.writeHead(404).end('<?xml version="1.0"?><Error><Code>NoSuchVersion</Code></Error>');
  });
  const sqs = createServer((asked, response) => {
    let text = "";
    asked.on("data", chunk => {
      text += chunk;
    });
    asked.on("end", () => {
      const { QueueUrl, MessageBody } = JSON.parse(text) as Record<string, string>;
      const type = { "content-type": "application/x-amz-json-1.0" };
      if (!takes() || !QueueUrl?.endsWith("/render"))
        return response.writeHead(400, type).end('{"__type":"com.amazonaws.sqs#OverLimit"}');
      messages.push(JSON.parse(MessageBody ?? "{}"));
      const MD5OfMessageBody = createHash("md5")
        .update(MessageBody ?? "")
        .digest("hex");
      response.writeHead(200, type).end(JSON.stringify({ MessageId: "m", MD5OfMessageBody }));
    });
  });
  const addresses: string[] = [];
  for (const server of [s3, sqs]) {
    servers.push(server);
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    addresses.push(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
  }
  return { messages, s3: addresses[0] ?? "", sqs: addresses[1] ?? "" };
}

async function gate({ s3, sqs }: { s3: string; sqs: string }) {
  const port = await freePort();
  const approvals = [{ name: "script", bucket: "content", prefix: "scripts/", queueUrl: `${sqs}/000000000000/render` }];
  const child = spawn(binary, [], {
    env: {
      ...{
        PALISADE_ENV: "dev",
        PALISADE_WORKLOAD: "content-pipeline",
        PALISADE_SERVICE: "approval-gate",
        BUILD_SHA: "a".repeat(40),
      },
      ...{ GATE_APPROVALS: JSON.stringify(approvals), GATE_NAMESPACE: "approvals", GATE_LISTEN: `127.0.0.1:${port}` },
      ...{ GATE_CERT: join(directory, "gate.crt"), GATE_KEY: join(directory, "gate.key") },
      ...{ GATE_KUBECONFIG: api.kubeconfigOf(await api.kubectl(["create", "token", "gate", "-n", "approvals"])) },
      ...{ AWS_ENDPOINT_URL_S3: s3, AWS_ENDPOINT_URL_SQS: sqs, AWS_REGION: "eu-central-1" },
      ...{ AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "of the tests only" },
    },
  });
  children.push(child);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  const ca = readFileSync(join(directory, "ca.pem"));
  const ask = (method: string, token: string | undefined, body?: object, name = "script") =>
    new Promise<{ code?: number; answer: Record<string, string> & { versionId: string }[] }>((resolve, reject) => {
      const headers = token ? { authorization: `Bearer ${token}` } : {};
      const options = { host: "127.0.0.1", port, method, path: `/approvals/${name}`, ca, headers, agent: false };
      const call = request(options, response => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ code: response.statusCode, answer: JSON.parse(text) }));
      });
      call.on("error", reject).end(body && JSON.stringify(body));
    });
  await expect.poll(() => output, { timeout: 30_000 }).toContain('"event":"gate.ready"');
  return { ask, output: () => output, child };
}

const token = (name: string) => api.kubectl(["create", "token", name, "-n", "approvals"]);
const version = (versionId: string, decision = "Approved") => ({
  ...{ bucket: "content", key: "scripts/a b.txt", versionId, decision },
  comment: "read it, twice",
});

test("a person with the right decides once per version; it is recorded, then sent as on AWS", async () => {
  const there = await services(() => true);
  const { ask, output } = await gate(there);
  const [editor, reader] = [await token("editor"), await token("reader")];
  const codes = async (...asked: Promise<{ code?: number }>[]) => (await Promise.all(asked)).map(({ code }) => code);
  expect(await codes(ask("POST", undefined, version("v1")), ask("POST", "forged", version("v1")))).toEqual([401, 401]);
  expect(await codes(ask("POST", reader, version("v1")), ask("GET", reader))).toEqual([403, 403]);
  expect(await codes(ask("POST", editor, version("v1"), "other"))).toEqual([403]);
  expect(
    await codes(ask("POST", editor, { ...version("v1"), key: "renders/x" }), ask("POST", editor, version("v9"))),
  ).toEqual([422, 404]);
  expect(there.messages).toEqual([]);
  expect((await ask("GET", editor)).answer.map(({ versionId }) => versionId)).toEqual(["v1", "v2"]);

  // Ten at once are one decision and one message.
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask("POST", editor, version("v1"))));
  expect(answers.some(({ code }) => code === 200)).toBe(true);
  expect(answers.every(({ code }) => code === 200 || code === 409)).toBe(true);
  expect(there.messages).toHaveLength(1);
  expect(there.messages[0]).toMatchObject({
    ...{
      workload: "content-pipeline",
      approval: "script",
      bucket: "content",
      key: "scripts/a%20b.txt",
      versionId: "v1",
    },
    ...{
      decision: "Approved",
      approvers: [{ Approver: "system:serviceaccount:approvals:editor", Comment: "read it, twice" }],
    },
  });
  expect(await codes(ask("POST", editor, version("v1")), ask("POST", editor, version("v1", "Rejected")))).toEqual([
    409, 409,
  ]);
  expect((await ask("GET", editor)).answer.map(({ versionId }) => versionId)).toEqual(["v2"]);
  expect((await ask("POST", editor, version("v2", "Rejected"))).code).toBe(200);
  expect(there.messages).toHaveLength(1);

  const { faults } = checkLogLines(output());
  expect(faults).toEqual([]);
  const records = output()
    .trim()
    .split("\n")
    .map(line => JSON.parse(line) as { event: string; attributes?: Record<string, string> });
  const decided = records.findIndex(({ event }) => event === "approval.decided");
  expect(decided).toBeLessThan(records.findIndex(({ event }) => event === "approval.released"));
  expect(records[decided]?.attributes).toMatchObject({
    "enduser.id": "system:serviceaccount:approvals:editor",
    "s3.version": "v1",
    "s3.sha256": createHash("sha256").update("one").digest("hex"),
  });
  expect(output()).not.toContain("read it");
}, 180_000);

test("a decision that could not be sent is kept, and sent by the next gate", async () => {
  let takes = false;
  const there = await services(() => takes);
  const first = await gate(there);
  const editor = await token("editor");
  expect((await first.ask("POST", editor, version("v1"))).code).toBe(503);
  expect(there.messages).toEqual([]);
  first.child.kill("SIGKILL");
  takes = true;
  const second = await gate(there);
  // Another may not turn it round meanwhile; the same person may ask again, or wait.
  expect((await second.ask("POST", editor, version("v1", "Rejected"))).code).toBe(409);
  expect((await second.ask("POST", editor, version("v1"))).code).toBe(200);
  expect(there.messages).toHaveLength(1);
}, 180_000);

test("its own tests pass", async () => {
  const tests = await run("go", ["test", "./..."], { cwd: source, env: goEnv });
  expect(tests.stdout + tests.stderr).toMatch(/^ok\s/m);
  expect(tests.code).toBe(0);
}, 600_000);
