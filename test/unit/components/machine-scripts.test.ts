// Unit tests: the scripts of a machine, run by bash against programs that are played (CP-3, CP-4, CP-5, RT-2, RT-12).
import { statSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { environmentFile, machineScripts } from "../../../src/components/aws/machine-scripts";
import type { MachineSettings } from "../../../src/components/aws/machine-settings";
import { MachineBench } from "./machine-bench";
import { machineService, machineSettings } from "./machine-samples";

let benches: MachineBench[] = [];
afterEach(() => {
  for (const bench of benches) bench.remove();
  benches = [];
});
function bench(changes: Partial<MachineSettings> = {}): MachineBench {
  const made = new MachineBench(machineSettings(changes));
  benches.push(made);
  made.put("releases/release", `IMAGE=registry/bot@sha256:${"a".repeat(64)}\nGIT_SHA=${"b".repeat(40)}\n`);
  return made;
}
const parameters = (values: Record<string, string>) =>
  JSON.stringify({
    Parameters: Object.entries(values).map(([k, Value]) => ({ Name: `/palisade/dev/sample/bot/${k}`, Value })),
  });

describe("environment", () => {
  test("the secrets the service reads come from its path into memory, for root alone", () => {
    const made = bench();
    made.put("parameters", parameters({ BOT_TOKEN: "to=ken 'x' $HOME", OTHER: "no" }));
    expect(made.script("environment")).toMatchObject({ status: 0 });
    expect(made.read("memory/bot.env")).toBe("BOT_TOKEN=to=ken 'x' $HOME\n");
    expect(statSync(made.at("memory/bot.env")).mode & 0o777).toBe(0o600);
    expect(made.calls("aws")).toEqual([
      "aws ssm get-parameters-by-path --region eu-central-1 --path /palisade/dev/sample/bot --with-decryption --output json",
    ]);
  });

  test("a new value is there at the next start", () => {
    const made = bench();
    for (const value of ["old", "new"]) {
      made.put("parameters", parameters({ BOT_TOKEN: value }));
      made.script("environment");
    }
    expect(made.read("memory/bot.env")).toBe("BOT_TOKEN=new\n");
  });

  test.each([
    ["a parameter nobody has put yet", {}, "no parameter /palisade/dev/sample/bot/BOT_TOKEN"],
    ["a value of several lines", { BOT_TOKEN: "a\nB=c" }, "not one line each: BOT_TOKEN"],
  ])("%s stops the start, and says which", (_, values, message) => {
    const made = bench();
    made.put("parameters", parameters(values));
    const { status, stderr } = made.script("environment");
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
    expect(made.read("memory/bot.env")).toBeUndefined();
  });

  test("what Parameter Store refuses stops the start", () => {
    const made = bench();
    made.put("parameters", parameters({ BOT_TOKEN: "x" }));
    made.put("refuse", "get-parameters-by-path\n");
    expect(made.script("environment").status).not.toBe(0);
    expect(made.read("memory/bot.env")).toBeUndefined();
  });

  test("without secrets nothing is asked", () => {
    const made = bench({ secretNames: [] });
    expect(made.script("environment").status).toBe(0);
    expect(made.read("memory/bot.env")).toBe("");
    expect(made.calls("aws")).toEqual([]);
  });
});

describe("run", () => {
  test("the container is bounded as Fargate's are, and gets its identity from the machine, not the machine's (RT-12, RT-27, CP-3)", () => {
    const made = bench();
    expect(made.script("run", "worker@1.service")).toMatchObject({ status: 0 });
    const words = made.runs();
    expect(words.slice(0, 4)).toEqual(["run", "--rm", "--name", "worker_at_1"]);
    expect(words).toEqual(
      expect.arrayContaining([
        "--pull=never",
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--user=1000:1000",
        // Two units share what the operating system leaves of 4096.
        "--memory=1792m",
        "--memory-swap=1792m",
        "--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=64m",
        `--env-file=${made.paths.memory}/bot.env`,
        "--env=AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/credentials.json",
        "--env=PALISADE_UNIT=worker@1.service",
        `--env=BUILD_SHA=${"b".repeat(40)}`,
        "--health-interval=15s",
      ]),
    );
    expect(words.slice(words.indexOf(`registry/bot@sha256:${"a".repeat(64)}`) + 1)).toEqual(["--serve", "it's"]);
    expect(words.join(" ")).not.toContain("--privileged");
  });

  test("output goes to CloudWatch, where audit entries are waited for (CP-4, SP-14)", () => {
    const [plain, audit] = [bench(), bench({ service: machineService({ logs: [{ kind: "audit" }] }) })];
    for (const made of [plain, audit]) made.script("run", "bot.service");
    expect(plain.runs()).toEqual(
      expect.arrayContaining([
        "--log-driver=awslogs",
        "--log-opt=awslogs-group=/palisade/dev/sample/bot",
        "--log-opt=mode=non-blocking",
      ]),
    );
    expect(audit.runs()).toContain("--log-opt=mode=blocking");
  });

  const checked = machineService({
    lifecycle: { checkCommand: ["--check-config"] },
    image: { repository: "s/b", command: ["/bot", "-v"] },
  });

  test("the check runs first, as bounded as the process", () => {
    const made = bench({ service: checked });
    made.script("run", "bot.service");
    const words = made.runs();
    const second = words.indexOf("run", 1);
    expect(words.slice(0, 4)).toEqual(["run", "--rm", "--name", "bot-check"]);
    expect(words.slice(0, second)).toEqual(expect.arrayContaining(["--cap-drop=ALL", "--entrypoint=/bot"]));
    expect(words.slice(second - 2, second)).toEqual(["-v", "--check-config"]);
    expect(words.at(-1)).toBe("-v");
  });

  test("a check that fails keeps the process down (RT-2)", () => {
    const made = bench({ service: checked });
    made.put("refuse", "check\n");
    expect(made.script("run", "bot.service").status).not.toBe(0);
    expect(made.runs().filter(word => word === "run")).toHaveLength(1);
  });

  test("nothing runs without a delivery", () => {
    const made = bench();
    made.put("releases/release", "");
    expect(made.script("run", "bot.service").status).not.toBe(0);
    expect(made.runs()).not.toContain("run");
  });
});

describe("watch", () => {
  test("healthy units are counted, unhealthy ones restarted, absent ones left to systemd (RT-2)", () => {
    const made = bench();
    made.put("state/bot", "healthy\n");
    made.put("state/worker_at_1", "unhealthy\n");
    expect(made.script("watch").status).toBe(0);
    expect(made.calls("systemctl")).toEqual(["systemctl restart --no-block worker@1.service"]);
    expect(made.calls("aws")).toEqual([
      "aws cloudwatch put-metric-data --region eu-central-1 --namespace Palisade --metric-name units.running --dimensions Environment=dev,Service=bot,Workload=sample --value 1 --unit Count",
    ]);
  });

  test("no container, no count", () => {
    const made = bench();
    made.script("watch");
    expect(made.calls("aws").join()).toContain("--value 0");
    expect(made.calls("systemctl")).toEqual([]);
  });
});

test("the process is handed credentials of its own role, readable for the server alone (CP-3)", () => {
  const made = bench();
  expect(made.script("credentials")).toMatchObject({ status: 0 });
  expect(JSON.parse(made.read("memory/credentials/credentials.json") ?? "")).toEqual({ AccessKeyId: "ASIA" });
  expect(statSync(made.at("memory/credentials/credentials.json")).mode & 0o777).toBe(0o640);
  expect(made.calls("aws").join()).toContain("--role-arn arn:aws:iam::111122223333:role/sample-dev-bot-process");
});

test("credentials that cannot be renewed leave the old ones", () => {
  const made = bench();
  made.put("memory/credentials/credentials.json", "old");
  made.put("refuse", "assume-role\n");
  expect(made.script("credentials").status).not.toBe(0);
  expect(made.read("memory/credentials/credentials.json")).toBe("old");
});

test("a stop gives the container its time to drain (RT-4)", () => {
  const made = bench();
  made.script("stop", "bot.service", "45");
  expect(made.calls("docker")).toEqual(["docker stop --time 45 bot"]);
});

test("no script names a secret's value, and every one stops at what goes wrong", () => {
  for (const [name, text] of Object.entries(machineScripts(machineSettings()))) {
    expect(text.startsWith("#!/bin/bash\n")).toBe(true);
    expect(text, name).toContain(name === "state" ? "set -uo pipefail" : "set -euo pipefail");
  }
});

test("variables are written in one order, one line each", () => {
  expect(environmentFile({ environment: { B: "2 3", A: "1" } })).toBe("A=1\nB=2 3\n");
  expect(() => environmentFile({ environment: { PEM: "a\nb" } })).toThrow("variable `PEM` has more than one line");
});
