import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { containerDefinitions } from "../../../src/components/aws/container-definition";
import { logRouter } from "../../../src/components/aws/log-router";
import { type LogRoutes, routeConfiguration, routesDirectory } from "../../../src/components/aws/log-routes";
import { digest, sampleService } from "./samples";

const routes: LogRoutes = {
  region: "eu-central-1",
  routes: {
    application: { group: "/palisade/prod/vault/api", fields: { event: "identifier" } },
    compliance: { group: "/palisade/prod/vault/api/compliance", fields: { run_id: "digest" }, complete: true },
    telemetry: { group: "/palisade/prod/vault/api", fields: { scenes: "number" }, strict: true },
  },
  tenants: { claim: "tenant_id", ids: ["acme"], prefix: "/palisade/prod/vault/tenants", kinds: ["compliance"] },
};
const { main, parsers, script } = routeConfiguration(routes);
const router = logRouter(`registry/palisade/log-shipper@${digest}`, routes);

test("records are read as JSON, judged, and go to the group the judgement names, tried again without end", () => {
  const order = [...main.matchAll(/^ {4}Name (\S+)$/gm)].map(([, name]) => name);
  expect(order).toEqual(["parser", "lua", "cloudwatch_logs"]);
  expect(main).toContain("log_group_name /palisade/prod/vault/api\n");
  expect(main).toContain("log_group_template $log_group\n");
  expect(main).toContain("retry_limit no_limits\n");
  expect(main).toContain("auto_create_group Off\n");
  expect(parsers).toContain("Format json\n");
});

test("no buffer is on a disk (SP-6)", () => {
  expect(main + parsers).not.toMatch(/storage|filesystem/i);
});

test("the judgement knows the declared fields, the tenants and their groups", () => {
  const [table = ""] = script.split("\n");
  expect(table).toContain('["fields"] = { ["run_id"] = "digest", ["tenant_id"] = "identifier" }');
  // Telemetry is anonymous: no record of it names a tenant.
  expect(table).toContain('["fields"] = { ["scenes"] = "number" }, ["strict"] = true');
  expect(table).toContain('["ids"] = { ["acme"] = true }');
  expect(table).toContain('["prefix"] = "/palisade/prod/vault/tenants"');
});

test("its shell puts the files where FireLens includes them from, untouched, and becomes Fluent Bit", () => {
  const directory = mkdtempSync(join(tmpdir(), "palisade-router-"));
  try {
    const [shell = "", ...options] = router.entryPoint ?? [];
    const command = (router.command ?? []).map(text =>
      text.replaceAll(`> ${routesDirectory}`, `> ${directory}`).replace("/fluent-bit/bin/fluent-bit", "/bin/echo"),
    );
    const { stdout, stderr } = spawnSync(shell, [...options, ...command], {
      env: router.environment as Record<string, string>,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(stdout.trim()).toBe("-c /fluent-bit/etc/fluent-bit.conf");
    expect(readFileSync(join(directory, "routes.conf"), "utf8")).toBe(main);
    expect(readFileSync(join(directory, "parsers.conf"), "utf8")).toBe(parsers);
    expect(readFileSync(join(directory, "route.lua"), "utf8")).toBe(script);
  } finally {
    rmSync(directory, { recursive: true });
  }
  expect(router.firelens?.options).toMatchObject({
    "config-file-type": "file",
    "config-file-value": `${routesDirectory}/routes.conf`,
  });
});

test("in the task it is bounded like the process, whose output goes through it", () => {
  const service = sampleService({ logs: [{ kind: "compliance", fields: { run_id: "digest" } }] });
  const [process, sidecar] = containerDefinitions(service, {
    name: "api",
    image: `registry/vault/api@${digest}`,
    environment: {},
    secretArns: {},
    logGroupName: "/palisade/prod/vault/api",
    region: "eu-central-1",
    sidecars: [{ ...router, image: `registry/palisade/log-shipper@${digest}`, environment: {}, secretArns: {} }],
  });
  expect(process).toMatchObject({
    logConfiguration: { logDriver: "awsfirelens" },
    dependsOn: [{ containerName: "api-log-router", condition: "START" }],
  });
  expect(sidecar).toMatchObject({
    user: "1000:1000",
    readonlyRootFilesystem: true,
    essential: true,
    firelensConfiguration: { type: "fluentbit" },
    linuxParameters: { tmpfs: [{ containerPath: routesDirectory }] },
  });
});
