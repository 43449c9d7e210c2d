import { describe, expect, test } from "vitest";
import { composeFile, composeNotes } from "../../../src/render/compose";
import { context, images, sample } from "./samples";

interface Container {
  image: string;
  networks: string[];
  environment: Record<string, string>;
  [key: string]: unknown;
}

const inputs = { ...context, images };
const file = composeFile(sample, inputs) as {
  services: Record<string, Container>;
  networks: Record<string, { internal?: boolean }>;
};
/** As Compose writes a variable. */
const variable = (text: string) => `$\{${text}}`;
const service = (name: string): Container => {
  const found = file.services[name];
  if (!found) throw new Error(`no ${name}`);
  return found;
};

test.each(Object.entries(file.services))("%s is confined (RT-12, RT-27, SP-6)", (_, container) => {
  expect(container).toMatchObject({
    user: "1000:1000",
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    ulimits: { core: 0 },
    image: expect.stringMatching(/@sha256:[0-9a-f]{64}$/),
  });
  for (const mount of (container.tmpfs ?? []) as string[]) expect(mount).toMatch(/:rw,noexec,nosuid,nodev,size=\d+m/);
});

test("memory is bounded, and none of it is swapped", () => {
  expect(service("api")).toMatchObject({
    memswap_limit: "4096m",
    deploy: { replicas: 3, resources: { limits: { cpus: "1.5", memory: "4096M" } } },
  });
});

test("the check ends in zero before the process starts, as confined as the process (RT-2)", () => {
  expect(service("api").depends_on).toEqual({ "api-check": { condition: "service_completed_successfully" } });
  expect(service("api-check")).toMatchObject({ command: ["--check-config"], restart: "no", read_only: true });
  expect(service("worker").depends_on).toBeUndefined();
});

test("drain and restart budget (RT-4, RT-5)", () => {
  expect(service("api")).toMatchObject({ stop_signal: "SIGTERM", stop_grace_period: "40s", restart: "on-failure:5" });
});

test("only the public service is on the host's ports, each replica on its own (IS-4)", () => {
  expect(service("api").ports).toEqual(["8000-8002:8000"]);
  for (const name of ["worker", "poller", "loner"]) expect(service(name).ports).toBeUndefined();
});

test("networks follow the specification: only who may call shares one, and none leads out but `egress` (SA-9, SP-13)", () => {
  expect(service("api").networks).toEqual(["worker", "edge"]);
  expect(service("worker").networks).toEqual(["worker"]);
  expect(service("poller").networks).toEqual(["egress"]);
  expect(service("loner").networks).toEqual(["isolated"]);
  expect(file.networks).toEqual({ worker: { internal: true }, egress: {}, edge: {}, isolated: { internal: true } });
});

test("volumes are directories that exist, the vault read-only (IS-3, IS-9)", () => {
  expect(service("api").volumes).toEqual([
    expect.objectContaining({ source: `${variable("DATA:-/srv/sample")}/logs`, target: "/app/logs", read_only: false }),
    expect.objectContaining({
      source: `${variable("DATA:-/srv/sample")}/vault`,
      target: "/app/vault",
      read_only: true,
      bind: { create_host_path: false },
    }),
  ]);
});

describe("variables", () => {
  test("what the operator gives is required, and never a value (PF-7)", () => {
    expect(service("api").environment).toMatchObject({
      SECRET_KEY: variable("SECRET_KEY:?Signs {sessions."),
      DATABASE_HOST: variable("DATABASE_HOST:?host of the postgres database"),
      SITE: variable("SITE:?region or site of the host"),
    });
    expect(service("poller").environment.SECRET_KEY).toBeUndefined();
  });

  test("a literal dollar stays one", () => {
    expect(service("api").environment).toMatchObject({
      PRICE: "$$5",
      APP_ENV: "prod",
      WORKER: "https://worker:9000",
      DATABASE_USER: "api",
    });
  });
});

test("what Compose cannot hold is said", () => {
  const notes = composeNotes(sample, inputs).join("\n");
  expect(notes).toMatch(/Not held by Compose: the host names `poller` may call \(RT-27\)/);
  expect(notes).toMatch(/Not held by Compose: scaling of `worker` beyond 1/);
  expect(notes).toMatch(/Not held by Compose: the databases/);
  expect(notes).toMatch(/install -d -o 1000 -g 1000 -m 0750 \$\{DATA:-\/srv\/sample\}\/vault/);
  expect(notes).toMatch(/SECRET_KEY: Signs/);
});

test("a service without a digest, or a variable the stack has nothing for, is refused", () => {
  expect(() => composeFile(sample, { ...inputs, images: {} })).toThrow(
    "`images` has no digest for service `api` (RT-1)",
  );
  const api = { ...sample.services.api, environment: { ALLOW: { from: "frontend-origin" as const } } };
  const asking = { ...sample, services: { ...sample.services, api } } as typeof sample;
  expect(() => composeFile(asking, inputs)).toThrow("variable `ALLOW` asks for frontend-origin");
});
