// Unit tests: a small service on a machine to vary.
import type { MachineSettings } from "../../../src/components/aws/machine-settings";
import { defineWorkload, type Service, type Workload, type WorkloadInput } from "../../../src/workload/workload";

type ServiceInput = WorkloadInput["services"][string];

/** A workload with one machine, changed as asked. */
export function machineWorkload(changes: Partial<ServiceInput> = {}, more: Partial<WorkloadInput> = {}): Workload {
  const bot: ServiceInput = {
    description: "A bot of the tests.",
    image: { repository: "sample/bot", arguments: ["--serve", "it's"] },
    machine: { operatingSystem: "ubuntu-22.04", rootDiskGiB: 30, units: ["bot.service", "worker@1.service"] },
    ports: [{ name: "ops", number: 8080, protocol: "http" }],
    health: { path: "/healthz", port: "ops" },
    resources: { cpuMillicores: 2000, memoryMiB: 4096 },
    tmpfs: [{ path: "/tmp", sizeMiB: 64 }],
    scaling: { minReplicas: 1, maxReplicas: 1 },
    network: {
      exposure: "none",
      egress: ["api.telegram.org"],
      egressRanges: [
        { cidr: "149.154.160.0/20", description: "Telegram" },
        { cidr: "2001:67c:4e8::/48", description: "Telegram" },
      ],
    },
    environment: { LOG_LEVEL: "info", BUILD_SHA: { from: "build-sha" } },
    ...changes,
  };
  return defineWorkload({
    name: "sample",
    title: "Sample",
    secrets: { BOT_TOKEN: { description: "Token of the bot.", source: "supplied", readers: ["bot"] } },
    ...more,
    services: { bot, ...more.services },
  });
}

export function machineService(changes: Partial<ServiceInput> = {}): Service {
  const { bot } = machineWorkload(changes).services;
  if (!bot) throw new Error("the sample is missing");
  return bot;
}

export function machineSettings(changes: Partial<MachineSettings> = {}): MachineSettings {
  return {
    serviceName: "bot",
    service: machineService(),
    region: "eu-central-1",
    repositoryUrl: "111122223333.dkr.ecr.eu-central-1.amazonaws.com/dev/sample/bot",
    logGroupName: "/palisade/dev/sample/bot",
    parameterPath: "/palisade/dev/sample/bot",
    secretNames: ["BOT_TOKEN"],
    processRoleArn: "arn:aws:iam::111122223333:role/sample-dev-bot-process",
    environment: { LOG_LEVEL: "info" },
    releaseVariables: ["BUILD_SHA"],
    metricDimensions: { Environment: "dev", Service: "bot", Workload: "sample" },
    ipv6: true,
    ...changes,
  };
}
