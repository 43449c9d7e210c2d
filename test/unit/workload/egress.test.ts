import fc from "fast-check";
import { expect, test } from "vitest";
import { callableHost, egressOf, union } from "../../../src/workload/egress";
import { sampleService } from "../components/samples";

const service = (egress: (string | { variable: string })[], environment: Record<string, string> = {}) =>
  sampleService({ network: { exposure: "none", egress }, environment });

test("named hosts and those of variables, each once and in order", () => {
  const egress = ["b.example.com", "a.example.com", { variable: "PEER_URL" }, { variable: "TWIN_URL" }];
  const environment = { PEER_URL: "https://a.example.com/v1?x=1", TWIN_URL: "https://c.example.com:443" };
  expect(egressOf(service(egress, environment))).toEqual({
    open: false,
    hosts: ["a.example.com", "b.example.com", "c.example.com"],
  });
});

test("none named, none allowed", () => expect(egressOf(service([]))).toEqual({ open: false, hosts: [] }));

test("`*` is any host, and is no name", () => {
  expect(egressOf(service(["*", "a.example.com"]))).toEqual({ open: true, hosts: ["a.example.com"] });
});

test("one that is open opens all together", () => {
  const all = [
    { open: false, hosts: ["b.example.com"] },
    { open: true, hosts: ["a.example.com", "b.example.com"] },
  ];
  expect(union(all)).toEqual({ open: true, hosts: ["a.example.com", "b.example.com"] });
  expect(union([])).toEqual({ open: false, hosts: [] });
});

test.each([
  ["https://api.example.com", "api.example.com"],
  ["https://API.Example.com/v1", "api.example.com"],
  ["https://api.example.com:443/", "api.example.com"],
])("%s is callable at %s", (url, host) => expect(callableHost(url)).toBe(host));

test.each([
  "",
  "api.example.com",
  "http://api.example.com",
  "https://api.example.com:8443",
  "https://user:password@api.example.com",
  "https://10.0.0.1",
  "https://2130706433",
  "https://[::1]/",
  "https://localhost",
  "https://*.example.com",
  "file:///etc/passwd",
  { from: "public-origin" },
  undefined,
])("%j is not callable", value => expect(callableHost(value)).toBeUndefined());

test("a variable without such a URL is named, with what it holds and what it may", () => {
  expect(() => egressOf(service([{ variable: "PEER_URL" }], { PEER_URL: "http://peer" }))).toThrow(
    /variable `PEER_URL` is "http:\/\/peer"; allowed is an https URL of a host name on port 443/,
  );
});

test("whatever is typed, a host that comes out is a plain name", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.webUrl({ validSchemes: ["https", "http"], withQueryParameters: true }), fc.string()),
      text => {
        const host = callableHost(text);
        if (host !== undefined) expect(host).toMatch(/^[a-z0-9.-]+\.[a-z]{2,63}$/);
      },
    ),
  );
});
