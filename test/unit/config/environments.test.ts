// RT-3: the three stack files against the topologies of the seed's table, as far as configuration decides them.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { overlaps, parseCidr } from "../../../src/config/cidr";
import { diffConfigs } from "../../../src/config/diff";
import { differencesFile } from "../../../src/config/differences";
import { readStackFile, stackFileName } from "../../../src/config/file";
import { applyOverrides } from "../../../src/config/overrides";
import { parseConfig } from "../../../src/config/parse";
import { fits, leaves } from "../../../src/config/paths";
import { ownValues } from "../../../src/config/raw";
import type { SealedConfig } from "../../../src/config/schema";
import { Sealed } from "../../../src/config/sealed";
import { secretPlaces } from "../../../src/config/secret-places";
import { environments } from "../../../src/config/shared-schema";
import { egressOf } from "../../../src/workload/egress";
import type { Service, Workload } from "../../../src/workload/workload";
import { spoil } from "./sample";

const root = join(__dirname, "../../..");
type Environment = (typeof environments)[number];

const pathOf = (environment: Environment) => join(root, stackFileName(environment));
const valuesOf = (environment: Environment) => ownValues(readStackFile(pathOf(environment)).raw);

/** As the program would at its start. */
function parse(environment: Environment, values: unknown = valuesOf(environment), localAws?: string) {
  const raw = Object.entries(values ?? {}).map(([key, value]): [string, unknown] => [`palisade:${key}`, value]);
  return parseConfig(new Map(raw), { catalog, stack: environment, preview: true, localAws });
}

function read(environment: Environment): SealedConfig {
  const parsed = parse(environment);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  if (parsed.config.mode !== "saas") throw new Error(`${environment} is no stack on AWS`);
  return parsed.config;
}

function spoilt(environment: Environment, path: readonly (string | number)[], value: unknown): string[] {
  const parsed = parse(environment, spoil(valuesOf(environment), path, value));
  return parsed.ok ? [] : parsed.faults.map(fault => fault.path);
}

/** The workloads as this environment runs them. */
function workloadsOf(environment: Environment): Workload[] {
  return Object.entries(read(environment).workloads).map(([name, overrides]) => {
    const workload = catalog.get(name);
    if (!workload) throw new Error(`the catalogue has no ${name}`);
    return applyOverrides(workload, overrides);
  });
}

function pollerOf(environment: Environment): Service {
  const poller = workloadsOf(environment).find(({ name }) => name === "router")?.services.poller;
  if (!poller) throw new Error(`${environment} has no router`);
  return poller;
}

const replicas = ({ scaling: { minReplicas, maxReplicas } }: Service) => [minReplicas, maxReplicas];

describe("development", () => {
  test("one process of the router, which does not scale", () => {
    expect(replicas(pollerOf("dev"))).toEqual([1, 1]);
  });

  test("every trace, and on the console", () => {
    expect(read("dev").tracing).toEqual({ samplePercent: 100, exporter: "console" });
  });

  test("on the local AWS, calling nobody and sending logs nowhere else", () => {
    const { localAws, alarms, siem } = read("dev");
    expect(localAws?.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect([alarms.emails, alarms.pagerDuty, siem]).toEqual([[], undefined, undefined]);
  });

  test("the environment moves its local AWS, and leaves the cluster that stands in for a control plane", () => {
    const eks = { releaseRoleArn: "arn:aws:iam::123456789012:role/release" };
    const localAws = { endpoint: "http://127.0.0.1:4600", kubeconfig: "stand-in" };
    const { workloads, ...file } = valuesOf("dev");
    const { router } = workloads as Record<string, unknown>;
    const platformImages = Object.fromEntries(
      ["collector", "egress-proxy", "telemetry-collector", "workload-guard"].map(name => [
        name,
        `sha256:${"0".repeat(64)}`,
      ]),
    );
    const values = { ...file, compute: "eks", eks, localAws, platformImages, workloads: { router } };
    const parsed = parse("dev", values, "http://127.0.0.1:4711");
    expect(parsed).toMatchObject({
      config: { localAws: { endpoint: "http://127.0.0.1:4711", kubeconfig: "stand-in" } },
    });
  });

  test("what it may, staging and prod may not", () => {
    for (const environment of ["staging", "prod"] as const) {
      expect(spoilt(environment, ["localAws"], read("dev").localAws)).toEqual(["palisade:localAws"]);
      expect(spoilt(environment, ["tracing", "exporter"], "console")).toEqual(["palisade:tracing.exporter"]);
      expect(spoilt(environment, ["edge", "hostedZoneId"], undefined)).toEqual(["palisade:edge"]);
    }
  });
});

describe("staging", () => {
  test("14 days of logs (RT-23), a quarter of the traces (RT-25), and not less", () => {
    const { retention, tracing } = read("staging");
    expect(retention.logDays).toBe(14);
    expect(tracing).toEqual({ samplePercent: 25, exporter: "xray" });
    expect(spoilt("staging", ["retention", "logDays"], 7)).toEqual(["palisade:retention.logDays"]);
    expect(spoilt("staging", ["tracing", "samplePercent"], 24)).toEqual(["palisade:tracing.samplePercent"]);
  });

  test("one active instance of the router, rehearsed with its standby", () => {
    expect(pollerOf("staging").scaling.mode).toBe("active-passive");
    expect(replicas(pollerOf("staging"))).toEqual(replicas(pollerOf("prod")));
  });

  test("prod's keys, artefacts and personas; whatever else differs has its ticket (RT-16)", () => {
    const diff = diffConfigs(pathOf("staging"), pathOf("prod"), join(root, differencesFile));
    expect(diff).toMatchObject({ ok: true, onlyInFirst: [], onlyInSecond: [], unexplained: [], stale: [] });
    const promoted = /\.images\.|platformImages|release|_SHA256/;
    expect(diff.changed.filter(key => promoted.test(key))).toEqual([]);
  });
});

describe("production", () => {
  test("90 days of logs, in the archive too, and not less (RT-23)", () => {
    const { retention, edge } = read("prod");
    expect([retention.logDays, retention.objectLockDays, edge.accessLogDays]).toEqual([90, 90, 90]);
    expect(spoilt("prod", ["retention", "logDays"], 60)).toEqual(["palisade:retention.logDays"]);
    expect(spoilt("prod", ["retention", "objectLockDays"], 60)).toEqual(["palisade:retention.objectLockDays"]);
  });

  test("two replicas of the router, of which one is active (RT-30)", () => {
    expect(replicas(pollerOf("prod"))).toEqual([2, 2]);
    expect(pollerOf("prod").scaling.mode).toBe("active-passive");
  });

  test("every fatal span is kept, whatever is sampled of the others (RT-25)", () => {
    expect(read("prod").tracing.samplePercent).toBeLessThan(100);
    expect(pollerOf("prod").tracing?.alwaysKeep).toEqual({ "a2a.classification": "fatal" });
  });

  test("people are called, and no zone or database is alone", () => {
    const { alarms, network, database } = read("prod");
    expect(alarms.emails).not.toEqual([]);
    expect(network).toMatchObject({ egress: "nat-per-zone", zones: { length: 3 } });
    expect(database).toMatchObject({ multiAz: true, deletionProtection: true, finalSnapshot: true });
    expect(spoilt("prod", ["alarms", "emails"], [])).toEqual(["palisade:alarms"]);
    expect(spoilt("prod", ["network", "egress"], "single-nat")).toEqual(["palisade:network.egress"]);
  });
});

describe.each(environments)("%s", environment => {
  test("is what its stack is called, and runs every system of the catalogue", () => {
    expect(read(environment).environment).toBe(environment);
    expect(Object.keys(read(environment).workloads).sort()).toEqual([...catalog.keys()].sort());
  });

  test("has images by digest alone, one for each service, and builds none (RT-1)", () => {
    const { workloads, platformImages } = read(environment);
    for (const { name, services } of workloadsOf(environment)) {
      expect(Object.keys(workloads[name]?.images ?? {}).sort()).toEqual(Object.keys(services).sort());
      expect(workloads[name]?.builds).toEqual({});
    }
    const images = [platformImages, ...Object.values(workloads).map(workload => workload.images)];
    for (const image of images.flatMap(each => Object.values(each))) expect(image).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(spoilt(environment, ["workloads", "router", "images", "poller"], "router/poller:1.0")).toEqual([
      "palisade:workloads.router.images.poller",
    ]);
  });

  test("has no secret in its file, and takes none in plain text (PF-7)", () => {
    const secrets = leaves(valuesOf(environment)).filter(
      ([path, leaf]) => leaf instanceof Sealed || secretPlaces.some(place => fits(path, place)),
    );
    expect(secrets).toEqual([]);
    expect(spoilt(environment, ["secrets", "router", "TELEGRAM_BOT_TOKEN"], "123456:a-token-in-clear")).toEqual([
      "palisade:secrets.router.TELEGRAM_BOT_TOKEN",
    ]);
    expect(spoilt(environment, ["secrets", "router", "TELEGRAM_BOT_TOKEN"], new Sealed("123456:a-token"))).toEqual([]);
  });

  test("the router calls Telegram and the A2A service of this environment, and no other (RT-27)", () => {
    const a2a = new URL(String(pollerOf(environment).environment.A2A_BASE_URL)).hostname;
    expect(egressOf(pollerOf(environment))).toEqual({ open: false, hosts: [a2a, "api.telegram.org"] });
    const others = environments.filter(other => other !== environment);
    for (const other of others) expect(egressOf(pollerOf(other)).hosts).not.toContain(a2a);
  });
});

test("no environment shares an address with another", () => {
  const ranges = environments.map(environment => parseCidr(read(environment).network.cidr));
  for (const [i, a] of ranges.entries())
    for (const b of ranges.slice(i + 1)) expect(a && b && overlaps(a, b)).toBe(false);
});
