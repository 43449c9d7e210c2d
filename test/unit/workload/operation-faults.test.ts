import { expect, test } from "vitest";
import { sampleService } from "../components/samples";

const ceiling = { cpuMillicores: 1000, memoryMiB: 1024 };
const waits = { minReplicas: 2, maxReplicas: 2, targets: [{ metric: "queue-wait" as const, milliseconds: 1 }] };

test("a ceiling above the base, reached on waiting, is sound", () => {
  expect(() =>
    sampleService({ resources: { cpuMillicores: 500, memoryMiB: 512, ceiling }, scaling: waits }),
  ).not.toThrow();
});

test.each<[string, Parameters<typeof sampleService>[0], RegExp]>([
  [
    "a ceiling below the base",
    { resources: { cpuMillicores: 2000, memoryMiB: 512, ceiling }, scaling: waits },
    /services\.sample\.resources\.ceiling\.cpuMillicores: is 1000; allowed is `resources\.cpuMillicores`, 2000, or more/,
  ],
  [
    "a ceiling that nothing leads to",
    { resources: { cpuMillicores: 500, memoryMiB: 512, ceiling } },
    /services\.sample\.resources\.ceiling: is reached on a target `queue-wait` or `latency-p95`/,
  ],
  [
    "one replica that is to wait for itself",
    { scaling: { minReplicas: 1, maxReplicas: 2, mode: "active-passive" } },
    /services\.sample\.scaling\.minReplicas: is 1; allowed is 2 or more/,
  ],
  [
    "a host in a variable that the platform sets",
    {
      network: { exposure: "none", egress: [{ variable: "ORIGIN" }] },
      environment: { ORIGIN: { from: "public-origin" } },
    },
    /services\.sample\.network\.egress\.0\.variable: variable `ORIGIN` is set by the platform/,
  ],
  [
    "a proxy of its own",
    { network: { exposure: "none", egress: ["a.example.com"] }, environment: { HTTPS_PROXY: "http://elsewhere" } },
    /services\.sample\.environment\.HTTPS_PROXY: is set by the platform/,
  ],
])("%s is refused, with its place", (_, changes, message) => {
  expect(() => sampleService(changes)).toThrow(message);
});
