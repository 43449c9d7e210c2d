// Unit tests: a delivery, run by bash against programs that are played: success, rollback, bad input, repetition (CP-9).
import { afterEach, expect, test } from "vitest";
import { deliveryScript, healthSeconds } from "../../../src/components/aws/machine-delivery-script";
import type { Service } from "../../../src/workload/workload";
import { MachineBench } from "./machine-bench";
import { machineService, machineSettings } from "./machine-samples";

const [former, next] = [`sha256:${"1".repeat(64)}`, `sha256:${"2".repeat(64)}`];
const sha = "c".repeat(40);
const settings = machineSettings();
const fileOf = (digest: string) => `IMAGE=${settings.repositoryUrl}@${digest}\nGIT_SHA=${sha}\n`;

let made: MachineBench | undefined;
afterEach(() => {
  made?.remove();
  made = undefined;
});
function bench(service: Service = settings.service): MachineBench {
  made = new MachineBench({ ...settings, service });
  return made;
}
const deliver = (on: MachineBench, digest: string, gitSha = sha, service: Service = settings.service) =>
  on.bash(
    deliveryScript({
      ...settings,
      service,
      imageDigest: digest,
      gitSha,
      paths: on.paths,
      pollSeconds: 0,
      settleSeconds: 0,
    }),
  );
const restarted = (on: MachineBench) => on.calls("systemctl").filter(call => call.includes(" restart "));

test("an image is pulled by its digest, and the units are restarted in order", () => {
  const on = bench();
  expect(deliver(on, next)).toMatchObject({ status: 0, stderr: "" });
  expect(on.read("releases/release")).toBe(fileOf(next));
  expect(on.calls("docker").filter(call => call.includes("pull"))).toEqual([
    `docker pull --quiet ${settings.repositoryUrl}@${next}`,
  ]);
  expect(restarted(on)).toEqual(["systemctl restart bot.service", "systemctl restart worker@1.service"]);
  expect(on.calls("docker").join()).toContain("docker login --username AWS --password-stdin 111122223333.dkr.ecr");
  expect(on.read("passwords")).toBe("registry-token\n");
});

test("what it did goes to the service's log group (CP-9)", () => {
  const on = bench();
  deliver(on, next);
  const [created, written] = on.calls("aws").filter(call => call.startsWith("aws logs"));
  expect(created).toMatch(
    /create-log-stream .*--log-group-name \/palisade\/dev\/sample\/bot --log-stream-name delivery\//,
  );
  const events = JSON.parse(/--log-events (.*)$/.exec(written ?? "")?.[1] ?? "") as {
    timestamp: number;
    message: string;
  }[];
  expect(events.map(event => event.message)).toEqual([
    "delivery: bot.service is healthy",
    "delivery: worker@1.service is healthy",
    `delivery: ${next} of ${sha} is delivered`,
  ]);
  for (const { timestamp } of events) expect(Math.abs(timestamp - Date.now())).toBeLessThan(60_000);
});

test("an image that does not become healthy gives way to the former one, and the delivery fails", () => {
  const on = bench();
  deliver(on, former);
  on.put("bad", `${next}\n`);
  on.put("calls", "");
  const { status, stdout } = deliver(on, next);
  expect(status).toBe(1);
  expect(stdout).toContain(`${next} is not delivered; what ran before runs again`);
  expect(on.read("releases/release")).toBe(fileOf(former));
  // The first unit fails, so the second is not touched before the way back.
  expect(restarted(on)).toEqual([
    "systemctl restart bot.service",
    "systemctl restart bot.service",
    "systemctl restart worker@1.service",
  ]);
  expect(on.read("state/bot")).toBe("healthy\n");
});

test("a unit that systemd does not start is no success either", () => {
  const on = bench();
  deliver(on, former);
  on.put("refuse", "restart\n");
  const { status, stdout } = deliver(on, next);
  expect(status).toBe(1);
  expect(stdout).toContain("what ran before does not become healthy either");
  expect(on.read("releases/release")).toBe(fileOf(former));
});

test("a first delivery that fails leaves nothing running", () => {
  const on = bench();
  on.put("bad", `${next}\n`);
  const { status, stdout } = deliver(on, next);
  expect(status).toBe(1);
  expect(stdout).toContain("nothing ran before; the units are stopped");
  expect(on.read("releases/release")).toBeUndefined();
  expect(on.calls("systemctl").at(-1)).toBe("systemctl stop bot.service worker@1.service");
});

test("the former digest goes back", () => {
  const on = bench();
  for (const digest of [former, next, former]) expect(deliver(on, digest).status).toBe(0);
  expect(on.read("releases/release")).toBe(fileOf(former));
});

test("a repeated delivery changes nothing", () => {
  const on = bench();
  deliver(on, next);
  on.put("calls", "");
  const { status, stdout } = deliver(on, next);
  expect(status).toBe(0);
  expect(stdout).toContain("runs already");
  expect(restarted(on)).toEqual([]);
  expect(on.calls("docker").filter(call => !call.includes("inspect"))).toEqual([]);
});

test("a repeated delivery mends what is not healthy", () => {
  const on = bench();
  deliver(on, next);
  on.put("state/bot", "unhealthy\n");
  on.put("calls", "");
  expect(deliver(on, next).status).toBe(0);
  expect(restarted(on)).toHaveLength(2);
});

test("without a health check a unit must go on running", () => {
  const service = machineService({ ports: [], health: undefined });
  const on = bench(service);
  const systemctl = on.read("bin/systemctl") ?? "";
  on.put("bin/systemctl", systemctl.replace("state=healthy", "state=running"));
  expect(deliver(on, next, sha, service).status).toBe(0);
});

test.each([
  ["a tag", "latest", sha, "the digest is none"],
  ["a digest with more behind it", `${next} --privileged`, sha, "the digest is none"],
  ["a short commit", next, "abc1234", "the git commit is none"],
])("%s is refused before anything is touched", (_, digest, commit, message) => {
  const on = bench();
  deliver(on, former);
  on.put("calls", "");
  const { status, stdout } = deliver(on, digest, commit);
  expect(status).toBe(1);
  expect(stdout).toContain(message);
  expect(stdout).toContain("nothing was changed");
  expect(on.read("releases/release")).toBe(fileOf(former));
  expect([...on.calls("docker"), ...on.calls("systemctl")]).toEqual([]);
});

test.each(["cloud-init", "login", "pull"])("where %s fails nothing is changed", refused => {
  const on = bench();
  deliver(on, former);
  on.put("refuse", `${refused}\n`);
  on.put("calls", "");
  const { status, stdout } = deliver(on, next);
  expect(status).toBe(1);
  expect(stdout).toContain("nothing was changed");
  expect(on.read("releases/release")).toBe(fileOf(former));
  expect(restarted(on)).toEqual([]);
});

test("the wait is the grace and the probes that may fail", () => {
  expect(healthSeconds(machineService())).toBe(60 + 4 * (15 + 5));
  expect(healthSeconds({})).toBe(60);
});
