// Rules of the hosts that workloads call (RT-27, SP-13): a variable without a URL, `*` outside dev, a proxy without an image.
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config/parse";
import { defineWorkload, type Workload, type WorkloadInput } from "../../../src/workload/workload";
import { digest, prod, spoil } from "./sample";

type Network = WorkloadInput["services"][string]["network"];

/** A workload that calls hosts, by what its specification says. */
function caller(egress: Network["egress"]): Workload {
  return defineWorkload({
    name: "caller",
    title: "Caller",
    services: {
      worker: {
        description: "Calls.",
        image: { repository: "caller/worker" },
        resources: { cpuMillicores: 250, memoryMiB: 512 },
        scaling: { minReplicas: 2, maxReplicas: 2 },
        network: { exposure: "none", egress },
        environment: { PEER_URL: "" },
      },
    },
  });
}

const base = {
  ...prod(),
  secrets: {},
  platformImages: { "egress-proxy": digest },
  workloads: { caller: { images: { worker: digest } } },
};

function faults(egress: Network["egress"], values: unknown = base) {
  const raw = new Map(
    Object.entries(values ?? {}).map(([key, value]): [string, unknown] => [`palisade:${key}`, value]),
  );
  const parsed = parseConfig(raw, { catalog: new Map([["caller", caller(egress)]]), preview: true });
  return parsed.ok ? [] : parsed.faults;
}

const variable = ["workloads", "caller", "services", "worker", "environment", "PEER_URL"];
const byVariable: Network["egress"] = [{ variable: "PEER_URL" }];

test("named hosts with a proxy are sound", () => expect(faults(["api.example.com"])).toEqual([]));

test("a variable that a stack sets to a URL is sound", () => {
  expect(faults(byVariable, spoil(base, variable, "https://peer.example.com/v1"))).toEqual([]);
});

test.each([
  [undefined, "nothing"],
  ["peer.example.com", "no URL"],
  ["http://peer.example.com", "a URL that begins with `http:`"],
  ["https://peer.example.com:8443", "a URL on port 8443"],
  ["https://somebody@peer.example.com", "a URL with credentials in it"],
  ["https://10.0.0.1", "a URL without a fully qualified host name"],
])("a variable that is %j is refused in its place", (value, found) => {
  expect(faults(byVariable, spoil(base, variable, value))).toEqual([
    {
      path: expect.stringContaining("workloads.caller.services.worker.environment.PEER_URL"),
      found,
      allowed: "an https URL of a host name on port 443, such as `https://api.example.com/v1`",
      control: "RT-27",
    },
  ]);
});

test.each(["staging", "prod"])("any host is refused in %s", environment => {
  expect(faults(["*"], spoil(base, ["environment"], environment))).toEqual([
    {
      path: expect.stringContaining("workloads.caller"),
      found: "`network.egress` of caller/worker is `*`, any host",
      allowed: "hosts by name in the specification; `*` is for dev",
      control: "SP-13",
    },
  ]);
});

test("any host is allowed in dev", () => {
  expect(faults(["*"], spoil(base, ["environment"], "dev"))).toEqual([]);
});

test("a proxy without an image is refused, and who needs it is named", () => {
  expect(faults(["api.example.com"], spoil(base, ["platformImages"], undefined))).toEqual([
    {
      path: expect.stringContaining("platformImages.egress-proxy"),
      found: "nothing, although `caller/worker` may call hosts outside",
      allowed: expect.stringContaining("digest"),
      control: "RT-1",
    },
  ]);
});

test("a faulty digest of it has one fault, its own", () => {
  expect(faults(["api.example.com"], spoil(base, ["platformImages", "egress-proxy"], "latest"))).toHaveLength(1);
});

test("a stack without a way to the internet cannot call a host there (SP-13)", () => {
  expect(faults(["api.example.com"], spoil(base, ["network", "egress"], "endpoints"))).toMatchObject([
    { path: expect.stringContaining("network.egress"), control: "SP-13" },
  ]);
});

test("all faults come at once", () => {
  const spoiled = spoil(spoil(base, ["platformImages"], undefined), variable, "no URL");
  expect(faults(["*", { variable: "PEER_URL" }], spoiled)).toHaveLength(3);
});
