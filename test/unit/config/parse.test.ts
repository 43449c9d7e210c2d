import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderFaults } from "../../../src/config/faults";
import { parseConfig } from "../../../src/config/parse";
import { Sealed } from "../../../src/config/sealed";
import { catalog, digest, faultsOf, parse, prod, sealed, spoil } from "./sample";

const occasion = { subject: "the configuration", next: "npx palisade config check" };

test("a sound configuration passes, with its defaults filled in", () => {
  const parsed = parse(prod(), { stack: "prod" });
  if (!parsed.ok) throw new Error(renderFaults(parsed.faults, occasion));
  if (parsed.config.mode !== "saas") throw new Error("another mode");
  expect(parsed.config.database).toEqual({
    instanceClass: "db.t4g.medium",
    multiAz: true,
    deletionProtection: true,
    finalSnapshot: true,
  });
  expect(parsed.config.alarms.rateLimitPer5Minutes).toBe(2000);
  expect(parsed.config.serviceCa.validityYears).toBe(10);
  expect(parsed.config.secrets.relay?.BOT_TOKEN?.open()).toBe("bot-token-of-the-relay");
});

test("a dozen faults of every kind come in one message, each with its path, what was found and what is allowed", () => {
  const values = {
    ...prod(),
    mode: "cloud",
    localAws: { endpoint: "http://127.0.0.1:4600" },
    netwrk: {},
    network: {
      cidr: "10.30.0.0/16",
      zones: [
        { name: "eu-central-1a", public: "10.30.0.0/24", private: "10.30.16.0/20", data: "10.30.4.0/24" },
        { name: "eu-west-1b", public: "10.30.1.0/24", private: "10.30.16.0/21", data: "10.31.5.0/24" },
      ],
      egress: "single-nat",
    },
    retention: { logDays: "90d", objectLockDays: 90, backupDays: 14, keyDeletionDays: 30 },
    siem: { url: "https://siem.example.com/collector", accessKey: "collector-access-key" },
    workloads: { sanctum: { images: { backend: "sanctum/backend:latest", "ai-core": digest } } },
  };
  const faults = faultsOf(spoil(values, ["secrets"], undefined));
  const text = renderFaults(faults, occasion);
  expect(text.split("\n")).toEqual([
    "the configuration has 12 faults.",
    "  palisade:localAws: found a mapping",
    expect.stringContaining("PALISADE_LOCAL_AWS (RT-3)"),
    '  palisade:mode: found "cloud"',
    "      allowed: one of `saas`, `onprem` (PF-1)",
    '  palisade:network.egress: found "single-nat"',
    expect.stringContaining("`nat-per-zone` or `endpoints`"),
    "  palisade:network.zones[1].data: found 10.31.5.0/24, outside the VPC",
    "      allowed: a range inside 10.30.0.0/16 (SA-2)",
    '  palisade:network.zones[1].name: found "eu-west-1b", an unknown availability zone of eu-central-1',
    expect.stringContaining("one of `eu-central-1a`, `eu-central-1b`, `eu-central-1c` (SA-2)"),
    "  palisade:network.zones[1].private: found 10.30.16.0/21, which overlaps 10.30.16.0/20 of palisade:network.zones[0].private",
    "      allowed: a range that shares no address with another (SA-2)",
    "  palisade:netwrk: found an unknown key",
    expect.stringMatching(/allowed: did you mean `network`\? one of `mode`, .*`secrets` \(PF-1\)$/),
    '  palisade:retention.logDays: found "90d"',
    expect.stringMatching(/allowed: whole days, such as 90, without quotes or unit; .* \(RT-23\)$/),
    "  palisade:retention.secretRecoveryDays: found nothing",
    "      allowed: 0, or a whole number of days from 7 to 30, without quotes or unit (SA-8)",
    "  palisade:siem.accessKey: found plain text",
    "      allowed: an encrypted value: `pulumi config set --secret --path 'palisade:siem.accessKey'` (RT-23, PF-7)",
    "  palisade:workloads.sanctum.frontendOrigin: found nothing",
    expect.stringContaining("the origin of the frontend"),
    '  palisade:workloads.sanctum.images.backend: found "sanctum/backend:latest"',
    "      allowed: an image digest: `sha256:` and 64 hexadecimal digits, never a tag (RT-1)",
    "Next: npx palisade config check",
  ]);
});

test.each([
  [["retention", "logDays"], "90d", '"90d"', /^whole days, such as 90/],
  [["retention", "logDays"], 45, "45", /CloudWatch offers 1, 3, 5, 7, 14, 30,/],
  [["retention", "backupDays"], 14.5, "14.5", /^a whole number of days from 1 to 35, without quotes or unit$/],
  [["retention", "secretRecoveryDays"], 3, "3", /^0, or a whole number of days from 7 to 30/],
  [["serviceCa"], { validityYears: "10y" }, '"10y"', /^a whole number of years from 1 to 30/],
  [["workloads", "sanctum", "postgres"], { storageGiB: "50GiB" }, '"50GiB"', /^a whole number of GiB from 20/],
  [["workloads", "sanctum", "postgres"], { multiAz: "yes" }, '"yes"', /^`true` or `false`$/],
  [["network", "cidr"], "10.30.0.1/16", '"10.30.0.1/16"', /starts at its first address/],
  [["edge", "domain"], undefined, "nothing", /^a domain, such as/],
  [["release", "buildSha"], 1234567, "1234567", /40 hexadecimal digits, in quotes/],
  [["region"], "eu-central-7", '"eu-central-7"', /^one of .*`eu-central-1`/],
])("%j: %j is refused in the words of its field", (path, value, found, allowed) => {
  const faults = faultsOf(spoil(prod(), path, value));
  expect(faults).toMatchObject([{ found, allowed: expect.stringMatching(allowed) }]);
});

describe("what stands around a fault is still judged", () => {
  test("a zone too few does not hide an overlap within the one that is there", () => {
    const zones = [{ name: "eu-central-1a", public: "10.30.0.0/20", private: "10.30.0.0/20", data: "10.30.16.0/24" }];
    expect(faultsOf(spoil(prod(), ["network", "zones"], zones)).map(f => f.path)).toEqual([
      "palisade:network.zones",
      "palisade:network.zones[0].private",
    ]);
  });

  test("a subnet that does not parse keeps the numbers of the others", () => {
    let values = spoil(prod(), ["network", "zones", 0, "data"], "10.30.4.0");
    values = spoil(values, ["network", "zones", 1, "data"], "10.31.0.0/24");
    expect(faultsOf(values).map(f => f.path)).toEqual([
      "palisade:network.zones[0].data",
      "palisade:network.zones[1].data",
    ]);
  });

  test("a prod stack whose environment is misspelt is judged as prod", () => {
    let values = spoil(prod(), ["environment"], "production");
    values = spoil(values, ["network", "egress"], "single-nat");
    expect(faultsOf(values, { stack: "prod" }).map(f => f.path)).toEqual([
      "palisade:environment",
      "palisade:network.egress",
    ]);
    expect(faultsOf(values, { stack: "blue" }).map(f => f.path)).toEqual(["palisade:environment"]);
  });

  test("an empty configuration names every required key once", () => {
    const paths = faultsOf({}, { stack: "prod" }).map(f => f.path);
    expect(paths).toEqual([
      "palisade:accountBaseline",
      "palisade:alarms",
      "palisade:edge",
      "palisade:environment",
      "palisade:mode",
      "palisade:network",
      "palisade:region",
      "palisade:release",
      "palisade:retention",
      "palisade:workloads",
    ]);
  });

  test("whatever is thrown at it, it answers with faults and does not throw", () => {
    const keys = Object.keys(prod());
    void fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 3 }), (key, value) => {
        const parsed = parse({ ...prod(), [key]: value });
        if (!parsed.ok) expect(parsed.faults.length).toBeGreaterThan(0);
      }),
    );
  });

  test("a random value below any place is answered too", () => {
    const places = [
      ["network", "zones"],
      ["workloads", "sanctum"],
      ["workloads", "sanctum", "services"],
      ["secrets", "relay"],
    ];
    void fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 4 }), (place, value) => {
        parse(spoil(prod(), place, value));
      }),
    );
  });
});

describe("namespaces", () => {
  const raw = (key: string) =>
    new Map<string, unknown>([...Object.entries(prod()).map(([k, v]) => [`palisade:${k}`, v] as const), [key, "x"]]);

  test("the engine's own keys are left to the engine", () => {
    expect(parseConfig(raw("pulumi:tags"), { catalog, preview: true }).ok).toBe(true);
  });

  test.each([
    ["aws:region", "`palisade:region`"],
    ["palisad:mode", "`palisade:mode`"],
    ["mode", "`palisade:mode`"],
  ])("%s is refused and %s proposed", (key, allowed) => {
    const parsed = parseConfig(raw(key), { catalog, preview: true });
    expect(parsed).toMatchObject({ ok: false, faults: [{ path: key, allowed }] });
  });
});

describe("PALISADE_LOCAL_AWS", () => {
  const localAws = "http://127.0.0.1:4600";
  const staging = spoil(prod(), ["environment"], "staging");

  test.each([
    ["prod in a preview", prod(), true],
    ["staging in a preview", staging, true],
    ["staging in an update", staging, false],
  ])("serves %s", (_, values, preview) => {
    expect(parse(values, { localAws, preview })).toMatchObject({
      ok: true,
      config: { localAws: { endpoint: localAws } },
    });
  });

  test("is refused in an update of prod", () => {
    expect(faultsOf(prod(), { localAws, preview: false })).toMatchObject([{ path: "PALISADE_LOCAL_AWS" }]);
  });

  test("takes the place of the file's endpoint in dev", () => {
    const values = { ...prod(), environment: "dev", localAws: { endpoint: "http://127.0.0.1:1" } };
    expect(parse(values, { localAws })).toMatchObject({ ok: true, config: { localAws: { endpoint: localAws } } });
  });

  test.each([
    "http://10.0.0.1:4600",
    "https://127.0.0.1",
    "http://127.0.0.1.example.com",
    "http://localhost@example.com",
  ])("%s is no loopback address", endpoint => {
    expect(faultsOf(prod(), { localAws: endpoint })).toMatchObject([{ path: "PALISADE_LOCAL_AWS" }]);
    const dev = { ...prod(), environment: "dev", localAws: { endpoint } };
    expect(faultsOf(dev)).toMatchObject([{ path: "palisade:localAws.endpoint" }]);
  });
});

describe("secrets never appear", () => {
  // Long and out of an alphabet that no message is written in, so that a match is a leak.
  const secret = fc.stringMatching(/^[Q-Zq-z7-9]{12,40}$/);
  const places = [
    ["alarms", "pagerDuty"],
    ["siem", "accessKey"],
    ["secrets", "relay", "BOT_TOKEN"],
  ];

  test("in plain text they are refused, and not shown", () => {
    void fc.assert(
      fc.property(secret, fc.constantFrom(...places), (value, place) => {
        const faults = faultsOf(spoil(prod(), place, value));
        expect(faults).toHaveLength(1);
        expect(faults[0]).toMatchObject({ found: "plain text" });
        expect(JSON.stringify(faults) + renderFaults(faults, occasion)).not.toContain(value);
      }),
    );
  });

  test("in the wrong place or form they are not shown either", () => {
    const wrong: ((value: string) => unknown)[] = [
      value => spoil(prod(), ["siem"], value),
      value => spoil(prod(), ["siem", "accesKey"], value),
      value => spoil(prod(), ["siem", "accessKey"], { value }),
      value => spoil(prod(), ["secrets"], value),
      value => spoil(prod(), ["secrets", "relay"], [value]),
      value => spoil(prod(), ["secrets", "relay", "OTHER"], value),
      value => spoil(prod(), ["alarms"], value),
      value => spoil(prod(), ["alarms", "pagerDuty"], sealed(value)),
      value => spoil(prod(), ["edge", "domain"], `https://user:${value}@example.com`),
      value => spoil(prod(), ["siem", "url"], `https://siem.example.com/?token=${value}`),
      value => spoil(prod(), ["workloads", "sanctum", "services"], { backend: { environment: { API_KEY: value } } }),
      value => spoil(prod(), ["workloads", "sanctum", "services"], { backend: { environment: { level: value } } }),
    ];
    void fc.assert(
      fc.property(secret, fc.constantFrom(...wrong), (value, spoilWith) => {
        const faults = faultsOf(spoilWith(value));
        expect(faults.length).toBeGreaterThan(0);
        expect(JSON.stringify(faults) + renderFaults(faults, occasion)).not.toContain(value);
      }),
    );
  });

  test("a sealed value shows nothing, however it is printed", () => {
    void fc.assert(
      fc.property(secret, value => {
        const box = { box: new Sealed(value) };
        expect(`${box.box} ${JSON.stringify(box)} ${inspect(box, { showHidden: true, depth: 9 })}`).not.toContain(
          value,
        );
      }),
    );
  });
});
