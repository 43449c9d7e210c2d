import { expect, test } from "vitest";
import { systemdUnits } from "../../../src/render/systemd";
import { context, sample } from "./samples";

const units = systemdUnits(sample, context);
const lines = (name: string) => (units[name] ?? "").split("\n");

test("one unit for each service", () => {
  expect(Object.keys(units)).toEqual([
    "sample-api.service",
    "sample-worker.service",
    "sample-poller.service",
    "sample-loner.service",
  ]);
});

test("programs are absolute; words are words, whatever is in them", () => {
  expect(lines("sample-api.service")).toContain('ExecStart=/opt/sample/api/startup.sh --motto "100%% $$HOME"');
  expect(lines("sample-api.service")).toContain("ExecStartPre=/opt/sample/api/startup.sh --check-config");
  expect(lines("sample-worker.service")).toContain("ExecStart=/usr/bin/python3 -m worker");
  expect(lines("sample-poller.service")).toContain("ExecStart=/opt/sample/poller/bin/poll");
});

test("budget of restarts, drain, bounds, no swap, no core (RT-4, RT-5, SP-6)", () => {
  for (const line of [
    "StartLimitIntervalSec=900",
    "StartLimitBurst=5",
    "TimeoutStopSec=40",
    "CPUQuota=150%",
    "MemoryMax=4096M",
    "MemorySwapMax=0",
    "LimitCORE=0",
  ])
    expect(lines("sample-api.service")).toContain(line);
});

test("writable is what a volume says, and the vault is not (IS-3, IS-9)", () => {
  const api = lines("sample-api.service");
  expect(api).toContain("ReadWritePaths=/app/logs");
  expect(api).toContain("ReadOnlyPaths=/app/vault");
  expect(api).toContain("ProtectSystem=strict");
});

test("secrets come from a file on tmpfs, never from the unit (PF-7, RT-14)", () => {
  const api = lines("sample-api.service");
  expect(api).toContain("EnvironmentFile=/run/palisade/sample-api.env");
  expect(api.filter(line => line.startsWith("Environment=")).join()).not.toContain("SECRET_KEY");
  expect(lines("sample-loner.service").join()).not.toContain("EnvironmentFile");
});

test("a service that does not say how it starts is refused, all of them at once", () => {
  const bare = Object.fromEntries(
    Object.entries(sample.services).map(([name, s]) => [name, { ...s, image: { ...s.image, command: undefined } }]),
  );
  expect(() => systemdUnits({ ...sample, services: bare }, context)).toThrow(
    /services\.api\.image\.command: found nothing[\s\S]*services\.loner\.image\.command/,
  );
});
