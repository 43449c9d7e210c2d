// The way out of a service in a cluster: its proxy, and nothing beside it (RT-27, SP-13, CP-7).
import { expect, test } from "vitest";
import { at, listAt } from "../../../src/components/kubernetes/fields";
import { workloadObjects } from "../../../src/components/kubernetes/workload-objects";
import { systemHome } from "./helper-homes";
import { containersOf, objectOf } from "./samples";

const poller = () => workloadObjects(systemHome("router")).objects;
const rules = (name: string, direction: string, objects = poller()) =>
  listAt(objectOf(objects, "NetworkPolicy", name), "spec", direction);
const blocks = (all: unknown[], side: string) =>
  all.flatMap(rule => listAt(rule, side)).flatMap(peer => at(peer, "ipBlock") ?? []);
const variables = (name: string, objects = poller()) => {
  const [container] = containersOf(at(objectOf(objects, "Deployment", name), "spec", "template", "spec"));
  return Object.fromEntries(listAt(container, "env").map(entry => [at(entry, "name"), at(entry, "value")]));
};

test("a service reaches no address outside by itself, but for the API server's where it has a lease", () => {
  expect(blocks(rules("poller", "egress"), "to")).toEqual([{ cidr: "192.0.2.1/32" }]);
});

test("its proxy reaches the internet on 443, and neither private nor cluster ranges", () => {
  const out = rules("egress-proxy-poller", "egress");
  const [block] = blocks(out, "to");
  expect(at(block, "cidr")).toBe("0.0.0.0/0");
  expect(listAt(block, "except")).toEqual(
    expect.arrayContaining(["10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]),
  );
  expect(out.filter(rule => blocks([rule], "to").length > 0).map(rule => listAt(rule, "ports"))).toEqual([
    [{ port: 443, protocol: "TCP" }],
  ]);
});

test("ranges of the specification narrow it, in IPv6 as well; the machine itself has no way there", () => {
  const { objects } = workloadObjects(systemHome("content-pipeline"));
  const cidrs = (name: string) => blocks(rules(name, "egress", objects), "to").map(block => at(block, "cidr"));
  expect(cidrs("egress-proxy-editorbot")).toEqual([
    "149.154.160.0/20",
    "2001:67c:4e8::/48",
    "142.250.0.0/15",
    "172.217.0.0/16",
    "216.58.192.0/19",
    "2a00:1450:4000::/36",
  ]);
  expect(cidrs("editorbot")).toEqual([]);
});

test("the proxy is told the very hosts, and its service alone comes to it", () => {
  expect(variables("egress-proxy-poller").EGRESS_ACL).toBe(
    JSON.stringify({ action: "enforce", hosts: ["a2a.example.com:443", "api.telegram.org:443"] }),
  );
  expect(rules("egress-proxy-poller", "ingress")).toEqual([
    {
      from: [
        { podSelector: { matchLabels: { "app.kubernetes.io/name": "poller", "app.kubernetes.io/part-of": "router" } } },
      ],
      ports: [{ port: 4750, protocol: "TCP" }],
    },
  ]);
});

test("clients find it in both spellings, and go past it inside the cluster", () => {
  const found = variables("poller");
  expect(found.HTTPS_PROXY).toBe("http://egress-proxy-poller.router-prod.svc:4750");
  expect(found.https_proxy).toBe(found.HTTPS_PROXY);
  expect(String(found.NO_PROXY).split(",")).toContain(".svc");
});

test("private ranges of the customer open in policy and proxy alike; those of the cluster are refused", () => {
  const { objects } = workloadObjects(systemHome("router", { privateEgressRanges: ["172.20.0.0/16"] }));
  expect(blocks(rules("egress-proxy-poller", "egress", objects), "to").map(block => at(block, "cidr"))).toContain(
    "172.20.0.0/16",
  );
  expect(variables("egress-proxy-poller", objects).EGRESS_ALLOW_RANGES).toBe("172.20.0.0/16");
  expect(() => workloadObjects(systemHome("router", { privateEgressRanges: ["10.1.0.0/16"] }))).toThrow(
    /`privateEgressRanges` has `10.1.0.0\/16`; allowed are ranges outside the cluster's/,
  );
});

test("a service without hosts to call has no proxy", () => {
  const { objects } = workloadObjects(systemHome("scriptpulse"));
  expect(objects.filter(({ metadata }) => metadata.name.startsWith("egress-proxy"))).toEqual([]);
});
