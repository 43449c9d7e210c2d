// PF-1: a stack on a customer's cluster is held to the schema of its mode, by the rules that both modes have, and by its own.
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { catalog as everything } from "../../../src/catalog/catalog";
import { clusterImageNames } from "../../../src/components/kubernetes/cluster-home";
import { renderFaults } from "../../../src/config/faults";
import { readStackFile } from "../../../src/config/file";
import { onpremImages } from "../../../src/config/onprem-schema";
import { leaves } from "../../../src/config/paths";
import { kubeconfigFromEnvironment } from "../../../src/config/process-environment";
import { ownValues } from "../../../src/config/raw";
import { Sealed } from "../../../src/config/sealed";
import { faultsOf, onprem, parse, prod, sealed, spoil } from "./sample";

function parsed(values: unknown, context = {}) {
  const result = parse(values, context);
  if (!result.ok) throw new Error(renderFaults(result.faults, { subject: "it", next: "" }));
  if (result.config.mode !== "onprem") throw new Error("another mode");
  return result.config;
}

test("a sound configuration passes, with its defaults filled in", () => {
  expect(parsed(onprem())).toMatchObject({
    cluster: {
      dns: { namespace: "kube-system", podLabels: { "k8s-app": "kube-dns" }, port: 53 },
      apiServer: { port: 6443 },
    },
    retention: { complianceDays: 184 },
    tracing: { samplePercent: 25 },
    monitoring: { prometheusOperator: false },
    logs: { node: true, storageGiB: 20 },
  });
});

test("the kubeconfig of the environment fills a gap, and no more", () => {
  expect(parsed(onprem(), { kubeconfig: "/here" }).cluster.kubeconfig).toBe("/here");
  expect(parsed(spoil(onprem(), ["cluster", "kubeconfig"], "/there"), { kubeconfig: "/here" }).cluster.kubeconfig).toBe(
    "/there",
  );
  const bundle = spoil(spoil(onprem(), ["delivery"], "bundle"), ["secrets"], undefined);
  expect(parsed(bundle, { kubeconfig: "/here" }).cluster.kubeconfig).toBeUndefined();
  expect(kubeconfigFromEnvironment({ KUBECONFIG: "/a:/b" })).toBe("/a");
  expect(kubeconfigFromEnvironment({})).toBe(join(homedir(), ".kube", "config"));
});

describe("a key of the other mode is named as such", () => {
  test.each([
    [onprem(), "network", "saas", "onprem"],
    [onprem(), "compute", "saas", "onprem"],
    [prod(), "cluster", "onprem", "saas"],
    [prod(), "delivery", "onprem", "saas"],
  ])("%#: %s", (values, key, other, own) => {
    expect(faultsOf(spoil(values, [key], {}))).toMatchObject([
      {
        path: `palisade:${key}`,
        found: `a key of mode \`${other}\``,
        allowed: expect.stringMatching(new RegExp(`^in mode \`${own}\`, .*one of \`mode\`, \`environment\``)),
      },
    ]);
  });

  test("below a section that both have, too", () => {
    expect(faultsOf(spoil(onprem(), ["edge", "hostedZoneId"], "Z0"))).toMatchObject([
      { found: "a key of mode `saas`" },
    ]);
    expect(faultsOf(spoil(onprem(), ["workloads", "relay", "builds"], {}))).toMatchObject([
      { path: "palisade:workloads.relay.builds", found: "a key of mode `saas`" },
    ]);
    expect(faultsOf(spoil(onprem(), ["edge", "colour"], "blue"))).toMatchObject([{ found: "an unknown key" }]);
  });
});

/** What holds of images, origins, variables, secrets and retention does so wherever the stack stands. */
test.each([
  [["workloads", "relay", "images", "poller"], "relay/poller:latest", "palisade:workloads.relay.images.poller", "RT-1"],
  [["workloads", "relay", "images"], {}, "palisade:workloads.relay.images.poller", "RT-1"],
  [["platformImages", "collector"], "palisade/collector:1", "palisade:platformImages.collector", "RT-1, RT-10"],
  [["workloads", "sanctum", "frontendOrigin"], "*", "palisade:workloads.sanctum.frontendOrigin", "IS-5"],
  [["workloads", "sanctum", "frontendOrigin"], undefined, "palisade:workloads.sanctum.frontendOrigin", "SA-11"],
  [["retention", "logDays"], 30, "palisade:retention.logDays", "RT-23"],
  [["retention", "complianceDays"], 30, "palisade:retention.complianceDays", "SP-14"],
  [["secrets", "relay", "BOT_TOKEN"], "123456:in-clear", "palisade:secrets.relay.BOT_TOKEN", "SA-8, PF-7"],
  [["secrets", "relay", "OTHER"], sealed("x"), "palisade:secrets.relay.OTHER", "SA-8"],
  [
    ["workloads", "sanctum", "services"],
    { backend: { environment: { API_KEY: "a" } } },
    "palisade:workloads.sanctum.services.backend.environment.API_KEY",
    "PF-7",
  ],
  [
    ["workloads", "relay", "services"],
    { poller: { minReplicas: 3 } },
    "palisade:workloads.relay.services.poller.minReplicas",
    "SA-12",
  ],
  [["workloads", "relay", "postgres"], { storageGiB: 50 }, "palisade:workloads.relay.postgres", "SA-4"],
  [["cluster", "registry"], "https://registry.example.com", "palisade:cluster.registry", "RT-1, PF-2"],
  [["cluster", "ranges", "pods"], [], "palisade:cluster.ranges.pods", "SA-9"],
  [["siem"], { url: "http://siem.example.com", ranges: ["10.0.0.0/8"] }, "palisade:siem.url", "RT-23, PF-2"],
])("%j as %j is a fault", (path, value, at, control) => {
  expect(faultsOf(spoil(onprem(), path, value))).toMatchObject([{ path: at, control }]);
});

test("external databases ask for the passwords of their clients, and for no others", () => {
  const external = {
    host: "postgres.example.com",
    ranges: ["10.60.0.0/28"],
    certificateAuthority: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
  };
  const values = spoil(onprem(), ["workloads", "sanctum", "postgres"], { external });
  expect(faultsOf(spoil(values, ["secrets", "sanctum"], { POSTGRES_PASSWORD: sealed("x") }))).toEqual([]);
  expect(faultsOf(spoil(values, ["secrets", "sanctum"], { VECTORS_PASSWORD: sealed("x") }))).toMatchObject([
    { path: "palisade:secrets.sanctum.VECTORS_PASSWORD" },
  ]);
  const key = external.certificateAuthority.replaceAll("CERTIFICATE", "PRIVATE KEY");
  const withKey = spoil(values, ["workloads", "sanctum", "postgres", "external", "certificateAuthority"], key);
  expect(JSON.stringify(faultsOf(withKey))).not.toContain("MIIB");
  expect(faultsOf(withKey)).not.toEqual([]);
});

test("the platform's images are those that its objects ask for", () => {
  expect(Object.keys(onpremImages).sort()).toEqual([...clusterImageNames].sort());
});

describe("the example", () => {
  const { raw } = readStackFile(join(__dirname, "../../../Pulumi.onprem.yaml"));

  test("runs every system of the catalogue in prod, with digests alone and no secret in the file", () => {
    const config = parsed(ownValues(raw), { catalog: everything, stack: "onprem" });
    expect(config.environment).toBe("prod");
    expect(Object.keys(config.workloads).sort()).toEqual([...everything.keys()].sort());
    expect(Object.keys(config.platformImages).sort()).toEqual([...clusterImageNames].sort());
    expect(leaves(ownValues(raw)).filter(([, leaf]) => leaf instanceof Sealed)).toEqual([]);
    for (const { images } of Object.values(config.workloads))
      for (const image of Object.values(images)) expect(image).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});
