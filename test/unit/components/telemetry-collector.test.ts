import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CollectorInputs, collectorConfig } from "../../../src/components/aws/collector-config";
import { complementPattern } from "../../../src/components/aws/complement-pattern";
import { containerDefinitions } from "../../../src/components/aws/container-definition";
import { PlatformImages } from "../../../src/components/aws/platform-images";
import { TelemetryCollector, type TelemetryCollectorArgs } from "../../../src/components/aws/telemetry-collector";
import { defineWorkload } from "../../../src/workload/workload";
import { digest, recordTypes, sampleService } from "./samples";

describe("the pattern for whatever is not listed", () => {
  const letters = fc
    .array(fc.constantFrom("a", "b", ".", "_", "-"), { minLength: 1, maxLength: 6 })
    .map(l => l.join(""));

  test("matches every other text, and none of the list", () => {
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 6 }), fc.array(fc.oneof(letters, fc.string())), (words, texts) => {
        const pattern = new RegExp(complementPattern(words));
        for (const word of words) expect(pattern.test(word)).toBe(false);
        for (const text of texts) expect(pattern.test(text)).toBe(!words.includes(text));
      }),
    );
  });

  test("knows nothing that RE2 does not", () => {
    expect(complementPattern(["http.route", "http"])).not.toMatch(/\(\?[=!<]|\\\d/);
  });

  test("refuses what would need more care", () => {
    expect(() => complementPattern(["a b"])).toThrow("`words` has `a b`");
  });
});

const inputs: CollectorInputs = {
  tracing: {
    attributes: ["persona", "env", "telegram.update_offset", "a2a.classification"],
    alwaysKeep: { "a2a.classification": "fatal" },
  },
  samplePercent: 25,
  exporter: "xray",
  region: "eu-central-1",
  memoryMiB: 256,
};

interface Config {
  receivers: Record<string, unknown>;
  processors: Record<string, Record<string, unknown>>;
  exporters: Record<string, Record<string, unknown>>;
  service: { pipelines: { traces: Record<"receivers" | "processors" | "exporters", string[]> } };
}

/** As the collector reads it: `$$` is a dollar. */
function read(changes: Partial<CollectorInputs> = {}): Config {
  const text = collectorConfig({ ...inputs, ...changes });
  expect(text.replaceAll("$$", "")).not.toContain("$");
  return JSON.parse(text.replaceAll("$$", "$"));
}

function deleted(config: Config, processor: string, list: "actions" | "attributes"): RegExp {
  const actions = config.processors[processor]?.[list] as { action: string; pattern: string }[];
  expect(actions.map(({ action }) => action)).toEqual(["delete"]);
  return new RegExp(actions[0]?.pattern ?? "");
}

describe("the collector's configuration (RT-25)", () => {
  test("keeps every fatal trace, and the stack's share of the rest", () => {
    expect(read().processors.tail_sampling?.policies).toEqual([
      {
        name: "keep-a2a.classification",
        type: "string_attribute",
        string_attribute: { key: "a2a.classification", values: ["fatal"] },
      },
      { name: "share", type: "probabilistic", probabilistic: { sampling_percentage: 25 } },
    ]);
  });

  test("lets through the specification's attributes and harmless conventions, and nothing else", () => {
    const drops = deleted(read(), "attributes/listed", "actions");
    for (const kept of [...inputs.tracing.attributes, "http.route", "error.type"]) expect(drops.test(kept)).toBe(false);
    for (const gone of ["http.request.body", "gen_ai.prompt", "db.statement", "personas", "person", "url.full", ""])
      expect(drops.test(gone)).toBe(true);
  });

  test("what sampling looks at is let through, listed or not", () => {
    const alone = read({ tracing: { attributes: [], alwaysKeep: { "a2a.classification": "fatal" } } });
    expect(deleted(alone, "attributes/listed", "actions").test("a2a.classification")).toBe(false);
  });

  test("no span event leaves the task, and of the process only who it is", () => {
    expect(read().processors["filter/events"]).toMatchObject({ traces: { spanevent: ['IsMatch(name, ".*")'] } });
    const drops = deleted(read(), "resource/listed", "attributes");
    expect(drops.test("service.name")).toBe(false);
    expect(drops.test("process.command_args")).toBe(true);
  });

  test("limits memory first, samples before it batches, and names no part that is not there", () => {
    for (const exporter of ["xray", "console"] as const) {
      const { receivers, processors, exporters, service } = read({ exporter });
      const { traces } = service.pipelines;
      expect(traces.processors[0]).toBe("memory_limiter");
      expect(traces.processors.slice(-2)).toEqual(["tail_sampling", "batch"]);
      expect([...traces.processors].sort()).toEqual(Object.keys(processors).sort());
      expect(traces.receivers).toEqual(Object.keys(receivers));
      expect(traces.exporters).toEqual(Object.keys(exporters));
    }
  });

  test("listens inside the task only, and sends to X-Ray of the region or to its own output", () => {
    expect(read().receivers).toEqual({ otlp: { protocols: { grpc: { endpoint: "127.0.0.1:4317" } } } });
    expect(read().exporters.awsxray).toMatchObject({ region: "eu-central-1" });
    expect(Object.keys(read({ exporter: "console" }).exporters)).toEqual(["debug"]);
  });
});

const workload = defineWorkload({
  name: "router",
  title: "Router",
  services: {
    poller: sampleService({ tracing: inputs.tracing }),
    other: sampleService({ ports: [{ name: "api", number: 9443 }] }),
  },
});

async function parts(
  serviceName: string,
  changes: Partial<TelemetryCollectorArgs> = {},
  digests = { "telemetry-collector": digest },
) {
  const made: ReturnType<TelemetryCollector["partsFor"]>[] = [];
  await recordTypes(["aws:ecr/repository:Repository", "aws:ecr/lifecyclePolicy:LifecyclePolicy"], () => {
    const images = new PlatformImages("images", { digests, namespace: "prod", keyArn: "arn:key" });
    const common = { environment: "prod", region: "eu-central-1", buildSha: "0".repeat(40) };
    const args = { workload, images, ...common, samplePercent: 25, exporter: "xray" as const, ...changes };
    made.push(new TelemetryCollector(args).partsFor(serviceName));
  });
  return made[0] ?? {};
}

describe("beside a service", () => {
  test("a service that is not traced gets nothing", async () => expect(await parts("other")).toEqual({}));

  test("its process is told where the collector is and who it is, and samples nothing itself", async () => {
    const { environment } = await parts("poller");
    expect(environment).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4317",
      OTEL_SERVICE_NAME: "poller",
      OTEL_RESOURCE_ATTRIBUTES: `deployment.environment.name=prod,service.namespace=router,service.version=${"0".repeat(40)}`,
      OTEL_TRACES_SAMPLER: "always_on",
    });
  });

  test("its task may write traces to X-Ray, and needs no such permission where they stay in the log", async () => {
    expect((await parts("poller")).statements).toEqual([
      { Effect: "Allow", Action: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], Resource: "*" },
    ]);
    expect((await parts("poller", { exporter: "console" })).statements).toEqual([]);
  });

  test("its container is as confined as any", async () => {
    const [sidecar] = (await parts("poller")).sidecars ?? [];
    if (!sidecar) throw new Error("no sidecar");
    const image = `repository@${digest}`;
    const definitions = containerDefinitions(sampleService(), {
      name: "poller",
      image,
      environment: {},
      secretArns: {},
      logGroupName: "/log",
      region: "eu-central-1",
      sidecars: [
        {
          ...sidecar,
          image,
          environment: { AOT_CONFIG_CONTENT: String(sidecar.environment?.AOT_CONFIG_CONTENT) },
          secretArns: {},
        },
      ],
    });
    expect(definitions.find(({ name }) => name === "poller-telemetry")).toMatchObject({
      readonlyRootFilesystem: true,
      privileged: false,
      user: "10001:10001",
      memory: 256,
      environment: [{ name: "AOT_CONFIG_CONTENT" }],
    });
  });

  test("without an image there is none, and it says so", async () => {
    await expect(parts("poller", {}, {} as { "telemetry-collector": string })).rejects.toThrow("`telemetry-collector`");
  });
});
