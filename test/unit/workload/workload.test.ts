import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sanctum } from "../../../src/catalog/sanctum";
import { defineWorkload, type WorkloadInput, workload } from "../../../src/workload/workload";

/** A small specification that is valid as it stands. */
function sample(): WorkloadInput & { services: { web: NonNullable<WorkloadInput["services"][string]> } } {
  return {
    name: "sample",
    title: "Sample",
    services: {
      web: {
        description: "Answers.",
        image: { repository: "sample/web" },
        ports: [{ name: "api", number: 8443 }],
        health: { path: "/healthz", port: "api" },
        resources: { cpuMillicores: 250, memoryMiB: 512 },
        scaling: { minReplicas: 1, maxReplicas: 2 },
        network: { exposure: "public" },
      },
    },
  };
}

type Spoil = (w: ReturnType<typeof sample>) => void;

describe("a specification is refused, with the path of the fault", () => {
  test.each<[string, Spoil, RegExp]>([
    ["root as user", w => Object.assign(w.services.web.image, { user: 0 }), /services\.web\.image\.user/],
    [
      "a tag",
      w => Object.assign(w.services.web.image, { repository: "sample/web:1.0" }),
      /image\.repository: found `sample\/web:1\.0`; allowed: a repository path without host, tag/,
    ],
    [
      "a privileged port",
      w => w.services.web.ports?.push({ name: "low", number: 443 }),
      /services\.web\.ports\.1\.number/,
    ],
    ["a port twice", w => w.services.web.ports?.push({ name: "other", number: 8443 }), /port 8443 is used twice/],
    [
      "a port name twice",
      w => w.services.web.ports?.push({ name: "api", number: 9000 }),
      /port name `api` is used twice/,
    ],
    [
      "traffic without health",
      w => Object.assign(w.services.web, { health: undefined }),
      /a reachable service needs it \(RT-2\)/,
    ],
    [
      "health on no port",
      w => Object.assign(w.services.web.health ?? {}, { port: "ops" }),
      /no port `ops`; there are `api`/,
    ],
    [
      "plain HTTP to the outside",
      w => Object.assign(w.services.web.ports?.[0] ?? {}, { protocol: "http" }),
      /a reachable port speaks TLS/,
    ],
    [
      "a health time-out as long as its interval",
      w => Object.assign(w.services.web.health ?? {}, { intervalSeconds: 5, timeoutSeconds: 5 }),
      /must be shorter than `intervalSeconds`/,
    ],
    [
      "more replicas at least than at most",
      w => Object.assign(w.services.web.scaling, { minReplicas: 3 }),
      /`minReplicas` is above `maxReplicas`/,
    ],
    [
      "an unknown caller",
      w => Object.assign(w.services.web.network, { callers: ["nobody"] }),
      /no service `nobody`; there are `web`/,
    ],
    [
      "an unknown reader of a secret",
      w => Object.assign(w, { secrets: { KEY: { description: "k", source: "generated", readers: ["nobody"] } } }),
      /secrets\.KEY\.readers\.0: no service `nobody`/,
    ],
    [
      "a database it is no client of",
      w => Object.assign(w.services.web, { environment: { DB: { database: "postgres", part: "host" } } }),
      /not among the clients of `state\.postgres` \(SA-9\)/,
    ],
    [
      "a variable that is a secret too",
      w =>
        Object.assign(w, {
          secrets: { KEY: { description: "k", source: "generated", readers: ["web"] } },
          services: { web: { ...w.services.web, environment: { KEY: "x" } } },
        }),
      /is also the name of a secret/,
    ],
    ["an unknown key", w => Object.assign(w, { replicas: 3 }), /replicas/],
    [
      "a path with `..`",
      w => Object.assign(w.services.web, { tmpfs: [{ path: "/tmp/../etc", sizeMiB: 1 }] }),
      /an absolute path without/,
    ],
  ])("%s", (_, spoil, message) => {
    const input = sample();
    spoil(input);
    expect(() => defineWorkload(input)).toThrow(message);
  });

  test("all faults at once", () => {
    const input = sample();
    Object.assign(input.services.web.image, { user: 0 });
    Object.assign(input.services.web.network, { callers: ["nobody"] });
    input.services.web.ports?.push({ name: "low", number: 443 });
    const result = workload.safeParse(input);
    expect(result.success).toBe(false);
    expect(() => defineWorkload(input)).toThrow(/image\.user[\s\S]*ports\.1\.number/);
  });
});

test("a valid one keeps what was written and gains the defaults", () => {
  const { web } = defineWorkload(sample()).services;
  expect(web).toMatchObject({
    image: { user: 1000 },
    lifecycle: { stopTimeoutSeconds: 30, restartBudget: { restarts: 5, windowMinutes: 15 } },
    network: { egress: [], minimumTls: "1.2" },
  });
});

test("what comes out goes in again unchanged", () => {
  expect(defineWorkload(sanctum)).toEqual(sanctum);
});

test("names are DNS labels that leave room for AWS's own limits", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9-]{0,30}$/), name => {
      const ok = workload.safeParse({ ...sample(), name }).success;
      expect(ok).toBe(/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name) && name.length <= 24);
    }),
  );
});

test("an egress variable must be one of the service's own", () => {
  const spec = {
    name: "x",
    title: "X",
    services: {
      a: {
        description: "a",
        image: { repository: "x/a" },
        resources: { cpuMillicores: 250, memoryMiB: 512 },
        scaling: { minReplicas: 1, maxReplicas: 1 },
        network: { exposure: "none" as const, egress: [{ variable: "PEER_URL" }] },
      },
    },
  };
  expect(() => defineWorkload(spec)).toThrow(/services\.a\.network\.egress\.0\.variable: no variable `PEER_URL`/);
});
