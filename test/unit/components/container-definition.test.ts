import fc from "fast-check";
import { expect, test } from "vitest";
import { type ContainerInputs, containerDefinitions } from "../../../src/components/aws/container-definition";
import { digest, sampleService } from "./samples";

const inputs: ContainerInputs = {
  name: "sample",
  image: `111122223333.dkr.ecr.eu-central-1.amazonaws.com/sample/api@${digest}`,
  environment: { B: "2", A: "1" },
  secretArns: { TOKEN: "arn:secret:token" },
  logGroupName: "/palisade/sample",
  region: "eu-central-1",
};

function one(changes: Parameters<typeof sampleService>[0] = {}, more: Partial<ContainerInputs> = {}) {
  const definitions = containerDefinitions(sampleService(changes), { ...inputs, ...more });
  const last = definitions.at(-1);
  if (!last) throw new Error("no container");
  return last;
}

test("the process runs as nobody, on a read-only root, without capabilities", () => {
  expect(one({ image: { repository: "sample/api", user: 1234 } })).toMatchObject({
    essential: true,
    user: "1234:1234",
    privileged: false,
    readonlyRootFilesystem: true,
    linuxParameters: { initProcessEnabled: true, capabilities: { drop: ["ALL"] } },
  });
});

test("it has the resources of its specification, to the unit", () => {
  expect(one({ resources: { cpuMillicores: 500, memoryMiB: 768 } })).toMatchObject({ cpu: 512, memory: 768 });
});

test("scratch space is in memory, and nothing in it can be run", () => {
  expect(one({ tmpfs: [{ path: "/tmp", sizeMiB: 64 }] }).linuxParameters.tmpfs).toEqual([
    { containerPath: "/tmp", size: 64, mountOptions: ["rw", "noexec", "nosuid", "nodev"] },
  ]);
});

test("environment and secrets are in one order, and secrets are ARNs", () => {
  const { environment, secrets } = one();
  expect(environment).toEqual([
    { name: "A", value: "1" },
    { name: "B", value: "2" },
  ]);
  expect(secrets).toEqual([{ name: "TOKEN", valueFrom: "arn:secret:token" }]);
  expect(() => one({}, { environment: { TOKEN: "x" } })).toThrow("both set `TOKEN`");
});

test.each(["sample/api", "sample/api:1.2", `sample/api:1.2@sha256:abc`, `@${digest}`, "sample/api@sha256:"])(
  "image `%s` is refused",
  image => {
    expect(() => one({}, { image })).toThrow("`image`");
  },
);

test("a memory-only service leaves no core dump, whoever starts it (SP-6)", () => {
  const image = { repository: "sample/api", command: ["serve", "--all"] };
  const memoryOnly = { image, memoryOnly: true, logs: [{ kind: "application" as const, fields: {} }] };
  const { entryPoint } = one(memoryOnly);
  expect(entryPoint?.slice(0, 2)).toEqual(["/bin/sh", "-c"]);
  expect(entryPoint?.slice(-2)).toEqual(["serve", "--all"]);
  expect(one({ image }).entryPoint).toEqual(["serve", "--all"]);
  const checked = containerDefinitions(
    sampleService({ ...memoryOnly, lifecycle: { checkCommand: ["--check"] } }),
    inputs,
  );
  expect(checked.map(({ entryPoint }) => entryPoint)).toEqual([entryPoint, entryPoint]);
});

test("a port the process encrypts itself is passed through, not parsed", () => {
  expect(one().portMappings).toEqual([{ name: "api", containerPort: 8443, protocol: "tcp" }]);
});

test("the check runs first, in the same bounds, and holds the process back until it ends in zero", () => {
  const [check, process] = containerDefinitions(
    sampleService({
      image: { repository: "sample/api", command: ["router"], arguments: ["--serve"] },
      lifecycle: { checkCommand: ["--check-config"] },
    }),
    inputs,
  );
  expect(check).toMatchObject({
    name: "sample-check",
    essential: false,
    entryPoint: ["router"],
    command: ["--check-config"],
    readonlyRootFilesystem: true,
    secrets: [{ name: "TOKEN", valueFrom: "arn:secret:token" }],
  });
  expect(Object.keys(check ?? {})).not.toContain("restartPolicy");
  expect(process).toMatchObject({
    entryPoint: ["router"],
    command: ["--serve"],
    dependsOn: [{ containerName: "sample-check", condition: "SUCCESS" }],
  });
});

test("inside, the container asks itself; behind the edge, the load balancer asks", () => {
  const { healthCheck } = one({ health: { path: "/healthz", port: "api", timeoutSeconds: 1, graceSeconds: 600 } });
  expect(healthCheck).toMatchObject({ interval: 15, timeout: 2, retries: 3, startPeriod: 300 });
  expect(healthCheck?.command.join(" ")).toContain("https://127.0.0.1:8443/healthz");
  expect(one({ network: { exposure: "public" } }).healthCheck).toBeUndefined();
  expect(one({}, { healthCommand: ["/probe"] }).healthCheck?.command).toEqual(["CMD", "/probe"]);
});

test("an application's log never stops it; an audit log is never dropped", () => {
  const { options } = one().logConfiguration;
  expect(options).toMatchObject({ mode: "non-blocking", "max-buffer-size": "25m", "awslogs-stream-prefix": "sample" });
  expect(one({ logs: [{ kind: "audit" }] }).logConfiguration.options.mode).toBe("blocking");
});

test("stopping takes as long as specified, and no less than Fargate knows", () => {
  expect(one({ lifecycle: { stopTimeoutSeconds: 90 } }).stopTimeout).toBe(90);
  expect(one({ lifecycle: { stopTimeoutSeconds: 1 } }).stopTimeout).toBe(2);
});

test("restarts never exceed their budget, as far as ECS's bounds allow", () => {
  expect(one({ lifecycle: { restartBudget: { restarts: 5, windowMinutes: 15 } } }).restartPolicy).toEqual({
    enabled: true,
    restartAttemptPeriod: 180,
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 1440 }), (restarts, windowMinutes) => {
      const policy = one({ lifecycle: { restartBudget: { restarts, windowMinutes } } }).restartPolicy;
      const period = policy?.restartAttemptPeriod ?? 0;
      expect(period).toBeGreaterThanOrEqual(60);
      expect(period).toBeLessThanOrEqual(1800);
      if (period < 1800) expect((windowMinutes * 60) / period).toBeLessThanOrEqual(restarts);
    }),
  );
});
