// The collector image: takes the platform's kind of configuration, refuses what it has not, and writes what it reads (RT-23 to RT-25).
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { freePort } from "../../toolchain/sandbox";
import { thirdPartyImages } from "../images/third-party";
import { type Contained, type UnpackedImage, unpackImage } from "./contained";

let image: UnpackedImage;
const directory = mkdtempSync(join(tmpdir(), "palisade-collector-"));
beforeAll(async () => {
  image = await unpackImage((await thirdPartyImages(["collector"])).collector.layout);
  chmodSync(directory, 0o755);
  for (const name of ["logs", "out", "state"]) mkdirSync(join(directory, name));
  for (const name of ["out", "state"]) chownSync(join(directory, name), uid, uid);
}, 1_200_000);
afterAll(() => {
  image.remove();
  rmSync(directory, { recursive: true });
});

const started: Contained[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one.kill();
});

const uid = 10001;
const volumes = { "/mnt": directory, "/out": join(directory, "out"), "/state": join(directory, "state") };

/** All kinds of parts at once; those that send elsewhere have nobody to send to, and wait on disk. */
const config = (ports: { health: number; metrics: number }, sampling = "tail_sampling") => ({
  extensions: {
    health_check: { endpoint: `127.0.0.1:${ports.health}` },
    file_storage: { directory: "/state" },
  },
  receivers: {
    filelog: {
      include: ["/mnt/logs/*.log"],
      start_at: "beginning",
      storage: "file_storage",
      operators: [{ type: "json_parser" }],
    },
    otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } },
  },
  processors: {
    memory_limiter: { check_interval: "1s", limit_mib: 200 },
    batch: {},
    filter: { error_mode: "ignore", logs: { log_record: ['attributes["event"] == "noise"'] } },
    transform: {
      log_statements: [
        { context: "log", statements: ['set(attributes["seen"], "yes")', 'set(body, attributes["event"])'] },
      ],
    },
    attributes: { actions: [{ key: "prompt", action: "delete" }] },
    resource: { attributes: [{ key: "deployment.environment.name", value: "dev", action: "upsert" }] },
    [sampling]: {
      decision_wait: "10s",
      policies: [{ name: "share", type: "probabilistic", probabilistic: { sampling_percentage: 10 } }],
    },
  },
  exporters: {
    debug: {},
    file: {
      path: "/out/logs.json",
      rotation: { max_megabytes: 100, max_days: 90, max_backups: 10 },
      format: "json",
      flush_interval: "200ms",
    },
    syslog: {
      endpoint: "127.0.0.1",
      port: 1,
      network: "tcp",
      protocol: "rfc5424",
      tls: {},
      sending_queue: { storage: "file_storage" },
    },
    splunk_hec: { token: "t", endpoint: "https://127.0.0.1:1/services/collector" },
    otlphttp: { endpoint: "https://127.0.0.1:1" },
    otlp: { endpoint: "127.0.0.1:1" },
    prometheus: {
      endpoint: `127.0.0.1:${ports.metrics}`,
      add_metric_suffixes: false,
      resource_to_telemetry_conversion: { enabled: true },
    },
  },
  service: {
    extensions: ["health_check", "file_storage"],
    telemetry: { metrics: { level: "none" } },
    pipelines: {
      logs: {
        receivers: ["filelog"],
        processors: ["memory_limiter", "filter", "transform", "attributes", "resource", "batch"],
        exporters: ["file", "syslog", "splunk_hec"],
      },
      traces: { receivers: ["otlp"], processors: [sampling], exporters: ["otlp", "otlphttp", "debug"] },
      metrics: { receivers: ["otlp"], exporters: ["prometheus"] },
    },
  },
});

test("it ships records to a file and drops what it is told to", async () => {
  const ports = { health: await freePort(), metrics: await freePort() };
  writeFileSync(join(directory, "config.yaml"), JSON.stringify(config(ports)));
  const lines = [{ event: "bot.started", prompt: "secret words" }, { event: "noise" }].map(line =>
    JSON.stringify(line),
  );
  writeFileSync(join(directory, "logs", "a.log"), `${lines.join("\n")}\n`);
  const collector = image.start({ args: ["--config", "/mnt/config.yaml"], volumes, memory: ["/tmp"] });
  started.push(collector);
  const written = () => {
    const file = join(directory, "out", "logs.json");
    return existsSync(file) ? readFileSync(file, "utf8") : collector.output();
  };
  await expect.poll(written, { timeout: 60_000 }).toContain('"resourceLogs"');
  expect(written()).toContain('"bot.started"');
  expect(written()).toContain('"seen"');
  expect(written()).toContain('"deployment.environment.name"');
  expect(written()).not.toContain("secret words");
  expect(written()).not.toContain("noise");
  await expect
    .poll(() => fetch(`http://127.0.0.1:${ports.health}`).then(({ status }) => status, String), { timeout: 10_000 })
    .toBe(200);
}, 180_000);

test("a configuration with a part it has not is refused by name", async () => {
  writeFileSync(join(directory, "bad.yaml"), JSON.stringify(config({ health: 1, metrics: 2 }, "groupbytrace")));
  const { ended, output } = image.start({ args: ["validate", "--config", "/mnt/bad.yaml"], volumes, memory: ["/tmp"] });
  expect(await ended).toBe(1);
  expect(output()).toContain("groupbytrace");
}, 120_000);
