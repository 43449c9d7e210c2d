// SA-8, SP-8, RT-23: nothing that is secret, and nothing that somebody said, comes into a support bundle.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keepFormer } from "../../../src/onprem/secrets/former";
import { archive, archiveName } from "../../../src/onprem/support/archive";
import { cleanLog } from "../../../src/onprem/support/clean";
import { collect } from "../../../src/onprem/support/collect";
import { safeLine } from "../../../src/onprem/support/log-line";
import { redactor } from "../../../src/onprem/support/redactor";
import { supportBundle } from "../../../src/onprem/support/support-bundle";
import { fakeCluster } from "./fake-cluster";

/** Values that stand in what replaces them prove nothing. */
const marks =
  "[secret left out][credentials left out][key left out][token left out][address left out][value left out][text left out]";
const secret = fc
  .string({ minLength: 4, maxLength: 60, unit: "grapheme-ascii" })
  .filter(value => value.trim().length >= 4 && !marks.includes(value.trim()));

describe("redaction", () => {
  test("leaves no known value, as it is, in base64, in a URL or in JSON", () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        const redact = redactor([value]);
        const forms = [
          value,
          Buffer.from(value).toString("base64"),
          encodeURIComponent(value),
          JSON.stringify(value).slice(1, -1),
        ];
        for (const form of forms) {
          if (marks.includes(form)) continue;
          expect(redact(`${before} ${form} ${after}`)).not.toContain(` ${form} `);
          if (value.length >= 6) expect(redact(`x${form}y`)).not.toContain(`x${form}y`);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("leaves none of several values, one part of another or not", () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(7), { maxLength: 12 }),
        (values, picks) => {
          const shown = picks.map(pick => values[pick % values.length] ?? "");
          const clean = redactor(values)(shown.join(" | "));
          for (const value of values.filter(each => each.trim().length >= 6))
            expect(clean.split(" | ").some(part => part === value)).toBe(false);
        },
      ),
    );
  });

  test.each([
    ["Authorization: Bearer abc.def-ghi", "abc.def-ghi"],
    ['{"authorization":"Basic dXNlcjpwYXNz"}', "dXNlcjpwYXNz"],
    ["bearer AAAABBBBCCCC", "AAAABBBBCCCC"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig-nature", "eyJzdWIiOiIxMjM0In0"],
    ["to jane.doe+x@mail.example.com now", "jane.doe"],
    ["postgres://user:pa55w0rd@db:5432/x", "pa55w0rd"],
    ["password=hunter22 next", "hunter22"],
    ['"api_key": "hunter22 and more"', "hunter22 and more"],
    ["bot 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"],
    ["-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\nabc\n-----END EC PRIVATE KEY-----", "MHcCAQEE"],
    ["-----BEGIN PRIVATE KEY-----\nMHcCAQEE", "MHcCAQEE"],
    ["Cookie: session=abcdef", "abcdef"],
    ["AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"],
  ])("takes what looks like a secret out of `%s`", (text, hidden) => expect(redactor([])(text)).not.toContain(hidden));

  test("keeps digests, commits and times", () => {
    const text = `2030-01-01T00:00:00.000Z sha256:${"ab".repeat(32)} ${"0f".repeat(20)} exit code 137`;
    expect(redactor(["a-long-secret"])(text)).toBe(text);
  });
});

describe("a line of a log", () => {
  const redact = redactor([]);
  const record = {
    ...{
      time: "2030-01-01T00:00:00.000Z",
      severity: "error",
      workload: "router",
      service: "poller",
      event: "a2a.failed",
    },
    ...{
      correlation_id: "c0ffee-1234",
      chat_id_hash: "ab".repeat(32),
      status: "error",
      latency_ms: 12,
      env: "prod",
      build_sha: "0".repeat(40),
    },
  };

  test("of a record keeps when, what and how long", () => {
    const line = JSON.stringify({
      ...record,
      attributes: { "a2a.tries": 3, "a2a.last": true, "a2a.model": "some-model" },
      message: "hello my name is Jane",
    });
    const kept = JSON.parse(safeLine(line, redact));
    expect(kept).toMatchObject({
      event: "a2a.failed",
      latency_ms: 12,
      correlation_id: "c0ffee-1234",
      attributes: { "a2a.tries": 3, "a2a.last": true },
    });
    expect(JSON.stringify(kept)).not.toMatch(/Jane|some-model|abab/);
  });

  test("of whatever fields never keeps a sentence, a telephone number or a nested thing", () => {
    const sentence = fc.stringMatching(/^[A-Z][a-z]{2,8} [a-z]{2,8} [A-Za-z ]{2,20}$/);
    const deep = fc.oneof(
      sentence,
      fc.record({ text: sentence }),
      fc.array(sentence, { minLength: 1 }),
      fc.integer({ min: 1e7, max: 1e15 }),
    );
    const key = fc.oneof(
      fc.constantFrom(...Object.keys(record), "message", "msg", "body", "level", "ts", "attributes"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(key, deep), fields => {
        const clean = safeLine(JSON.stringify(fields), redact);
        const { ts: _, time: __, ...others } = fields;
        for (const text of JSON.stringify(others).match(/[A-Z][a-z]+ [a-z]+ [A-Za-z ]+|\d{8,}/g) ?? [])
          expect(clean).not.toContain(text);
      }),
    );
  });

  test("that is no record leaves its time, level and length", () => {
    expect(safeLine("2030-01-01T00:00:00Z ERROR Jane asked for her salary", redact)).toBe(
      "2030-01-01T00:00:00Z ERROR [line of 52 characters left out]",
    );
    expect(safeLine('{"message":"Jane', redact)).not.toContain("Jane");
  });

  test("says what is wrong by known phrases, and nothing around them", () => {
    const line =
      '2030-01-01 00:00:00 UTC ERROR: duplicate key value violates unique constraint "people" DETAIL: Key (email)=(jane)';
    const clean = safeLine(line, redact);
    expect(clean).toContain("duplicate key value violates unique constraint");
    expect(clean).not.toMatch(/people|jane|email/);
    const record = safeLine(
      JSON.stringify({ level: "error", msg: "Jane: listen tcp :8000: bind: Address already in use" }),
      redact,
    );
    expect(JSON.parse(record)).toEqual({ level: "error", left_out: 1, says: ["address already in use"] });
  });

  test("does not hide a secret that goes over several lines", () => {
    const log = ["start", "-----BEGIN PRIVATE KEY-----", "MHcCAQEEIIGG", "-----END PRIVATE KEY-----", "end"];
    expect(cleanLog(log, redact)).not.toContain("MHcCAQEEIIGG");
  });
});

describe("an archive", () => {
  test("holds every file under its name", () => {
    const bytes = gunzipSync(
      archive([
        { name: "a.txt", text: "hello" },
        { name: "b/c.txt", text: "" },
      ]),
    );
    expect(bytes.subarray(0, 5).toString()).toBe("a.txt");
    expect(bytes.subarray(512, 517).toString()).toBe("hello");
    expect(bytes.length).toBe(512 + 512 + 512 + 1024);
  });
  test("has names that lead nowhere else and fit", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 120 }), { minLength: 1, maxLength: 4 }), parts => {
        const name = archiveName(...parts);
        expect(name.length).toBeLessThanOrEqual(100);
        expect(name.split("/").some(part => part === ".." || part === ".")).toBe(false);
      }),
    );
  });
});

test("a support bundle has nothing of what was seeded into logs, objects, events and records", async () => {
  const cluster = fakeCluster();
  const seeds = {
    token: "seeded-token-0123456789",
    said: "Jane Doe lost her passport",
    mail: "jane@example.com",
    short: "zq9",
    former: "seeded-former-9876543210",
  };
  const everything = `${seeds.token} ${seeds.said} ${seeds.mail} ${Buffer.from(seeds.token).toString("base64")}`;
  const at = (plural: string, name: string) => `/api/v1/namespaces/a/${plural}/${name}`;
  const data = {
    token: Buffer.from(seeds.token).toString("base64"),
    short: Buffer.from(seeds.short).toString("base64"),
  };
  cluster.objects.set(at("secrets", "s"), {
    kind: "Secret",
    metadata: { name: "s", namespace: "a", annotations: { last: everything } },
    type: "Opaque",
    data,
  });
  cluster.objects.set(at("configmaps", "c"), {
    kind: "ConfigMap",
    metadata: { name: "c", namespace: "a" },
    data: { text: everything },
  });
  const container = { name: "app", image: "r/x@sha256:1", args: [everything], env: [{ name: "V", value: everything }] };
  const ended = { exitCode: 1, message: everything, reason: "Error" };
  const pod = {
    metadata: { name: "p", namespace: "a", annotations: { note: everything } },
    spec: { containers: [container, { name: "side", image: "r/palisade/egress-proxy@sha256:1" }] },
    status: { containerStatuses: [{ name: "app", restartCount: 1, lastState: { terminated: ended } }] },
  };
  cluster.answers.set("/api/v1/namespaces/a/pods", { items: [pod] });
  const event = {
    reason: "Unhealthy",
    message: `Readiness probe failed: ${everything}`,
    involvedObject: { kind: "Pod", name: "p" },
  };
  cluster.answers.set("/api/v1/namespaces/a/events", {
    items: [
      event,
      { ...event, reason: "Failed", message: `pull with ${seeds.token}, ${seeds.former} of ${seeds.mail}` },
    ],
  });
  cluster.answers.set("/api/v1/nodes", {
    items: [
      { metadata: { name: "n", annotations: { x: everything } }, status: { nodeInfo: { kubeletVersion: "v1.34.0" } } },
    ],
  });
  cluster.answers.set("/version", { gitVersion: "v1.34.0" });
  cluster.answers.set("/api/v1/namespaces/a/configmaps", {
    items: [
      {
        metadata: { name: "palisade-journal" },
        data: {
          operation: JSON.stringify({
            step: seeds.token,
            back: { step: "wait", reason: `web: Error\n  it said ${seeds.said}` },
          }),
          release: "{",
        },
      },
    ],
  });
  const log = [
    everything,
    JSON.stringify({ event: "x.y", message: seeds.said, token: seeds.token }),
    `key ${seeds.short} end '${seeds.said}'`,
  ].join("\n");
  const directory = mkdtempSync(join(tmpdir(), "palisade-support-"));
  const inputs = {
    ...{
      cluster,
      platformNamespace: "a",
      namespaces: ["a"],
      secrets: [{ namespace: "a", name: "s" }],
      versions: { installer: "1.0.0" },
      lines: 10,
    },
    objects: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "a" } }],
    plain: async () => ({ status: 200, text: log, isCut: false, date: undefined, validity: undefined }),
    ...{ now: "2030-01-01T00:00:00Z", progress: () => undefined },
  };
  for (const name of ["palisade-authorities", "palisade-installer"])
    cluster.objects.set(at("secrets", name), { kind: "Secret", metadata: { name }, data: {} });
  await keepFormer(cluster, "a", [{ namespace: "a", name: "s", labels: {}, data: { token: seeds.former } }]);
  try {
    const out = join(directory, "support.tar.gz");
    await supportBundle(inputs, out);
    const raw = readFileSync(out);
    const text = gunzipSync(raw).toString("utf8");
    for (const value of [
      seeds.token,
      Buffer.from(seeds.token).toString("base64"),
      seeds.mail,
      seeds.former,
      "passport",
    ]) {
      expect(text).not.toContain(value);
      expect(raw.includes(value)).toBe(false);
    }
    expect(text).not.toMatch(/\bzq9\b/);
    for (const there of ["x.y", "v1.34.0", "restartCount: 1", "manifest.yaml", "exitCode: 1"])
      expect(text).toContain(there);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("logs of a namespace with a Secret that cannot be read are left out, and that is said", async () => {
  const cluster = fakeCluster();
  cluster.answers.set("/api/v1/namespaces/a/secrets/s", 403);
  for (const path of ["/api/v1/nodes", "/version", "/api/v1/namespaces/a/configmaps"]) cluster.answers.set(path, 403);
  const plain = () => Promise.reject(new Error("must not be read"));
  const { files, leftOut } = await collect({
    ...{
      cluster,
      plain,
      platformNamespace: "p",
      namespaces: ["a"],
      objects: [],
      secrets: [{ namespace: "a", name: "s" }],
    },
    ...{ versions: {}, lines: 10, now: "2030-01-01T00:00:00Z", progress: () => undefined },
  }).catch((error: Error) => ({ files: [], leftOut: [{ what: String(error), why: "" }] }));
  expect(files.some(({ name }) => name.startsWith("logs/"))).toBe(false);
  expect(leftOut).toContainEqual({
    what: "logs and events of a",
    why: "Secret s could not be read, so its value could not be looked for",
  });
});
