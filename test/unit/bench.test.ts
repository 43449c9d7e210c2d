// Benchmarks: the flat program asks just what the preview it was made from asked, and figures become ratios in the right direction.
import fc from "fast-check";
import { expect, test } from "vitest";
import { customResources, flatProgram, type Planned, registrations } from "../../bench/flat";
import type { Sample } from "../../bench/measure";
import { compare, describe as describeCase, growth, makeCase } from "../../bench/report";
import { marginal, median, spread } from "../../bench/statistics";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const urn = (path: string, name: string) => `urn:pulumi:dev::palisade::${path}::${name}`;
const provider = urn("pulumi:providers:aws", "aws");
const vpc = urn("palisade:aws:Network$aws:ec2/vpc:Vpc", "main");
const subnet = urn("palisade:aws:Network$aws:ec2/subnet:Subnet", "main-a");
const group = urn("palisade:aws:Log$aws:cloudwatch/logGroup:LogGroup", "log");
const id = urn("palisade:aws:Database$random:index/randomId:RandomId", "id");

/** Everything that means something in a template literal. */
const tricky = `back\`tick, \${brace}, \\slash`;

const planned: Planned[] = [
  { urn: urn("pulumi:pulumi:Stack", "palisade-dev"), type: "pulumi:pulumi:Stack", custom: false },
  {
    urn: provider,
    type: "pulumi:providers:aws",
    custom: true,
    inputs: {
      __internal: {},
      region: "eu-central-1",
      maxRetries: "2",
      accessKey: "[secret]",
      endpoints: '[{"s3":"x"}]',
    },
  },
  { urn: urn("palisade:aws:Network", "main"), type: "palisade:aws:Network", custom: false },
  { urn: urn("pulumi:providers:random", "default_4_21_2"), type: "pulumi:providers:random", custom: true, inputs: {} },
  { urn: id, type: "random:index/randomId:RandomId", custom: true, inputs: { byteLength: 4 } },
  {
    urn: vpc,
    type: "aws:ec2/vpc:Vpc",
    custom: true,
    provider: `${provider}::${UNKNOWN}`,
    inputs: { __defaults: ["tenancy"], cidrBlock: "10.0.0.0/16", tenancy: "default" },
  },
  {
    urn: subnet,
    type: "aws:ec2/subnet:Subnet",
    custom: true,
    provider: `${provider}::${UNKNOWN}`,
    inputs: { vpcId: UNKNOWN, tags: { __defaults: [], Name: tricky } },
    dependencies: [vpc],
    propertyDependencies: { vpcId: [vpc], tags: [] },
    deletedWith: vpc,
    ignoreChanges: ["tags"],
  },
  {
    urn: group,
    type: "aws:cloudwatch/logGroup:LogGroup",
    custom: true,
    provider: `${provider}::${UNKNOWN}`,
    inputs: {
      name: "/logs",
      policy: `arn:aws:iam::123456789012:${tricky}`,
      pair: [UNKNOWN, UNKNOWN],
      text: UNKNOWN,
      secret: "[secret]",
    },
    dependencies: [vpc, subnet, id],
    propertyDependencies: { name: [vpc], pair: [subnet], text: [subnet, id], secret: [id] },
  },
];

interface Call {
  className: string;
  name: string;
  inputs: Record<string, unknown>;
  options: Record<string, unknown>;
}

/** Runs the text with packages whose classes note down how they were called. */
function execute(program: string): { calls: Call[]; modules: string[] } {
  const calls: Call[] = [];
  const modules: string[] = [];
  const pulumi = {
    secret: (value: unknown) => ({ secret: value }),
    interpolate: (texts: TemplateStringsArray, ...values: unknown[]) => ({ texts: [...texts], values }),
  };
  const anyClass = (className: string) =>
    class {
      readonly id: string;
      constructor(name: string, inputs: Call["inputs"], options: Call["options"]) {
        this.id = `id of ${name}`;
        calls.push({ className, name, inputs, options });
      }
    };
  const load = (module: string): unknown => {
    modules.push(module);
    if (module === "@pulumi/pulumi") return pulumi;
    if (module === "@pulumi/aws/getCallerIdentity")
      return { getCallerIdentityOutput: () => ({ accountId: "account" }) };
    return new Proxy({}, { get: (_, className) => anyClass(String(className)) });
  };
  new Function("require", program)(load);
  return { calls, modules };
}

test("the flat program registers every custom resource, in order, from the package's own modules", () => {
  const { calls, modules } = execute(flatProgram(planned));
  expect(calls.map(({ className, name }) => `${className} ${name}`)).toEqual([
    "Provider aws",
    "RandomId id",
    "Vpc main",
    "Subnet main-a",
    "LogGroup log",
  ]);
  expect(modules).toContain("@pulumi/aws/ec2");
  expect(modules).not.toContain("@pulumi/aws");
  expect(customResources(planned)).toHaveLength(calls.length);
});

test("known inputs are literals, without what the provider filled in; unknown ones wait for the same resources", () => {
  const [aws, , vpcCall, subnetCall, log] = execute(flatProgram(planned)).calls;
  expect(aws?.inputs).toMatchObject({ region: "eu-central-1", maxRetries: 2, endpoints: [{ s3: "x" }] });
  expect(vpcCall?.inputs).toEqual({ cidrBlock: "10.0.0.0/16" });
  expect(vpcCall?.options).toMatchObject({ provider: { id: "id of aws" } });
  expect(subnetCall?.inputs).toEqual({ vpcId: "id of main", tags: { Name: tricky } });
  expect(subnetCall?.options).toMatchObject({ deletedWith: { id: "id of main" }, ignoreChanges: ["tags"] });
  expect(subnetCall?.options).not.toHaveProperty("dependsOn");
  expect(log?.inputs).toMatchObject({
    name: "/logs",
    policy: { texts: ["arn:aws:iam::", `:${tricky}`], values: ["account"] },
    pair: ["id of main-a", "id of main-a"],
    text: { values: ["id of main-a", "id of id"] },
  });
  // The name is known, so only this makes the log group wait for what the name was made of.
  expect(log?.options.dependsOn).toEqual([{ id: "id of main" }]);
});

test("secrets are placeholders, still secret and still waited for", () => {
  const [aws, , , , log] = execute(flatProgram(planned)).calls;
  expect(aws?.inputs.accessKey).toEqual({ secret: "placeholder" });
  expect(log?.inputs.secret).toEqual({ secret: "id of id" });
});

test("children of one name and type under different parents stay two resources", () => {
  const twin = { ...planned[5], urn: urn("palisade:aws:Other$aws:ec2/vpc:Vpc", "main") } as Planned;
  const names = execute(flatProgram([...planned, twin])).calls.map(({ className, name }) => `${className} ${name}`);
  expect(new Set(names).size).toBe(names.length);
});

test("a resource that is needed before it is registered is refused", () => {
  expect(() => flatProgram([...planned].reverse())).toThrow(/is needed before it is registered/);
});

test("registrations tell a resource that is missing or asked for something else, and overlook names and defaults", () => {
  const changed = (inputs: Record<string, unknown>) => planned.map(p => (p.urn === vpc ? { ...p, inputs } : p));
  expect(registrations(changed({ cidrBlock: "10.0.0.0/16" }))).toEqual(registrations(planned));
  expect(registrations(changed({ cidrBlock: "10.1.0.0/16" }))).not.toEqual(registrations(planned));
  expect(registrations(planned.filter(p => p.urn !== vpc))).not.toEqual(registrations(planned));
});

test("half of the values are at most the median, half at least", () => {
  const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(values, taken => {
      const middle = median(taken);
      expect(taken.filter(v => v <= middle).length * 2).toBeGreaterThanOrEqual(taken.length);
      expect(taken.filter(v => v >= middle).length * 2).toBeGreaterThanOrEqual(taken.length);
    }),
  );
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(() => median([])).toThrow("`values`");
  expect(spread([3, 1, 2], 1)).toBe("2.0 (1.0 to 3.0)");
});

const samples = (resources: number, wallSeconds: number, peakMiB: number): Sample[] => [
  { resources, wallSeconds, peakMiB },
];

test("ratios are ours over the peer's", () => {
  expect(compare(samples(10, 9, 300), samples(10, 6, 200))).toEqual({ wallRatio: 1.5, memoryRatio: 1.5 });
});

test("growth is 1 for a cost per resource that stays, and above it for one that rises", () => {
  const size = fc.integer({ min: 1, max: 500 });
  fc.assert(
    fc.property(fc.tuple(size, size, size), size, fc.integer({ min: 1, max: 60 }), ([a, b, c], base, each) => {
      const sizes = [a, a + b, a + b + c];
      const of = (cost: (n: number) => number) => {
        const [small, middle, large] = sizes.map(n => samples(n, cost(n), 1 + cost(n)));
        return growth([small ?? [], middle ?? [], large ?? []]).wallRatio;
      };
      expect(of(n => base + each * n)).toBeCloseTo(1, 6);
      expect(of(n => base + each * n ** 2)).toBeGreaterThan(1);
      expect(of(n => base + each * Math.sqrt(n))).toBeLessThan(1);
    }),
  );
  expect(() => marginal({ size: 5, cost: 1 }, { size: 5, cost: 2 })).toThrow("`to.size`");
});

test.each([
  [1.15, 1.3, true],
  [1.16, 1, false],
  [1, 1.31, false],
])("wall ratio %d and memory ratio %d: target met %s", (wallRatio, memoryRatio, met) => {
  const raw = { ours: samples(10, 1, 1) };
  const made = makeCase({ name: "case", wallRatio, memoryRatio, target: { wallRatio: 1.15, memoryRatio: 1.3 }, raw });
  expect(made.targetMet).toBe(met);
  expect(describeCase(made).includes("missed")).toBe(!met);
});
