// Sandbox tests: controls over containers and the services that run them (SA-8 to SA-13, RT-1 to RT-12, RT-27, SP-6, IS-1 to IS-9).
import type { AwsApi } from "../aws-api";
import { type Control, control, customerKey, dev, list, same, those, withoutSuffix } from "./control";

export interface Container {
  name: string;
  image: string;
  user?: string;
  privileged?: boolean;
  readonlyRootFilesystem?: boolean;
  memory?: number;
  stopTimeout?: number;
  essential?: boolean;
  dependsOn?: { containerName: string; condition: string }[];
  environment?: { name: string; value: string }[];
  secrets?: { name: string; valueFrom: string }[];
  mountPoints?: { sourceVolume: string; containerPath: string; readOnly?: boolean }[];
  logConfiguration?: { logDriver: string; options?: Record<string, string> };
  linuxParameters?: {
    capabilities?: { drop?: string[]; add?: string[] };
    tmpfs?: { containerPath: string; size: number; mountOptions?: string[] }[];
  };
}

export interface Task {
  family: string;
  memory?: string;
  containerDefinitions: Container[];
  volumes?: {
    name: string;
    efsVolumeConfiguration?: {
      fileSystemId: string;
      transitEncryption?: string;
      authorizationConfig?: { accessPointId?: string; iam?: string };
    };
  }[];
}

/** Task definitions by their family. */
export async function tasks(api: AwsApi): Promise<[string, Task][]> {
  const { taskDefinitionArns } = await api.json<{ taskDefinitionArns: string[] }>("ecs", "ListTaskDefinitions");
  const definitions = await Promise.all(
    taskDefinitionArns.map(taskDefinition =>
      api.json<{ taskDefinition: Task }>("ecs", "DescribeTaskDefinition", { taskDefinition }),
    ),
  );
  return definitions.map(({ taskDefinition }) => [taskDefinition.family, taskDefinition]);
}

async function containers(api: AwsApi): Promise<[string, Container][]> {
  return (await tasks(api)).flatMap(([family, { containerDefinitions }]) =>
    containerDefinitions.map((container): [string, Container] => [`${family}/${container.name}`, container]),
  );
}

/** One container, which is a finding if it is missing. */
const container =
  (...names: string[]) =>
  async (api: AwsApi): Promise<[string, Container | undefined][]> => {
    const found = new Map(await containers(api));
    return names.map(name => [name, found.get(name)]);
  };

interface Service {
  serviceName: string;
  status: string;
  enableExecuteCommand?: boolean;
  loadBalancers?: object[];
  networkConfiguration?: { awsvpcConfiguration?: { assignPublicIp?: string } };
  deploymentConfiguration?: {
    deploymentCircuitBreaker?: { enable: boolean; rollback: boolean };
    minimumHealthyPercent?: number;
  };
  deployments: { serviceConnectConfiguration?: { enabled: boolean; services?: { tls?: object }[] } }[];
}

async function services(api: AwsApi): Promise<[string, Service][]> {
  const { clusterArns } = await api.json<{ clusterArns: string[] }>("ecs", "ListClusters");
  const found = await Promise.all(
    clusterArns.map(async cluster => {
      const { serviceArns } = await api.json<{ serviceArns: string[] }>("ecs", "ListServices", { cluster });
      return api.json<{ services: Service[] }>("ecs", "DescribeServices", { cluster, services: serviceArns });
    }),
  );
  return found.flatMap(({ services }) => services.map((service): [string, Service] => [service.serviceName, service]));
}

/** Whether somebody waits for its answer: the edge, or another service. */
const answers = ({ loadBalancers = [], deployments }: Service) =>
  loadBalancers.length > 0 || deployments.some(({ serviceConnectConfiguration: connect }) => connect?.services?.length);

/** Containers with secrets, and their names: from the catalogue. */
const secrets: Readonly<Record<string, readonly string[]>> = {
  "sanctum-dev-backend/backend": ["JWT_SIGNING_KEY", "SERVICE_TOKEN_KEY"],
  "sanctum-dev-ai-core/ai-core": ["SERVICE_TOKEN_KEY"],
  "iss-dev-api/api": ["SECRET_KEY"],
  ...Object.fromEntries(
    ["router-dev-poller", "router-dev-poller-ceiling"].flatMap(family =>
      ["poller-check", "poller"].map(name => [
        `${family}/${name}`,
        ["A2A_TOKEN", "CHAT_ID_HASH_KEY", "TELEGRAM_BOT_TOKEN"],
      ]),
    ),
  ),
};

/** Services that call others or their egress proxy, and those that are called. */
const connected = ["sanctum-dev-backend", "sanctum-dev-ai-core", "router-dev-poller", "router-dev-poller-egress"];
const called = ["sanctum-dev-ai-core", "router-dev-poller-egress"];

const named = (container: Container | undefined, variable: string) =>
  container?.environment?.find(({ name }) => name === variable)?.value;

const poller = container("router-dev-poller/poller", "router-dev-poller-ceiling/poller");

interface Target {
  ResourceId: string;
  MinCapacity: number;
  MaxCapacity: number;
}

/** All services of the five systems that ECS runs, and the platform's own beside them. */
const all = [...Object.keys(dev.replicas), "iss-dev-log-shipper", "router-dev-poller-egress"];

export const taskControls: readonly Control[] = [
  control(
    "PF-2",
    "every service of the five systems is there",
    async api => {
      const found = new Map((await services(api)).map(([name, service]) => [withoutSuffix(name), service]));
      return all.map((name): [string, Service | undefined] => [name, found.get(name)]);
    },
    { "is active": service => service?.status === "ACTIVE" },
  ),
  control("RT-12", "containers can change nothing", containers, {
    "root file system is read-only": container => container.readonlyRootFilesystem === true,
  }),
  control("RT-27", "containers have no privileges", containers, {
    "runs as a user and group that are not root": container => /^[1-9]\d*:[1-9]\d*$/.test(container.user ?? ""),
    "drops every capability": ({ linuxParameters }) =>
      linuxParameters?.capabilities?.drop?.includes("ALL") === true &&
      (linuxParameters.capabilities.add ?? []).length === 0,
    "is not privileged": container => container.privileged === false,
  }),
  control("RT-1", "containers run images by digest", containers, {
    "has a digest": container => /@sha256:[0-9a-f]{64}$/.test(container.image),
  }),
  control("SA-8", "containers fetch their secrets from Secrets Manager", containers, {
    "finds them all there": ({ secrets = [] }) =>
      secrets.every(({ valueFrom }) => /^arn:aws:secretsmanager:.*:secret:/.test(valueFrom)),
    "has no variable of a secret's name": ({ secrets = [], environment = [] }) =>
      environment.every(({ name }) => !secrets.some(secret => secret.name === name)),
  }),
  control(
    "SA-8",
    "each container has the secrets that its specification gives it, and no other",
    async api =>
      (await containers(api)).map(
        ([name, { secrets: own = [] }]): [string, { own: string[]; wanted: readonly string[] }] => [
          name,
          { own: own.map(secret => secret.name), wanted: secrets[name] ?? [] },
        ],
      ),
    { "has those": ({ own, wanted }) => same(own, wanted) },
  ),
  control("SA-13", "services let nobody in", services, {
    "gives no shell": service => service.enableExecuteCommand !== true,
    "has no public address": service =>
      service.networkConfiguration?.awsvpcConfiguration?.assignPublicIp === "DISABLED",
  }),
  control(
    "SA-13",
    "services speak TLS with each other",
    those(services, name => connected.includes(withoutSuffix(name))),
    {
      "is in the mesh": ({ deployments }) =>
        deployments.every(({ serviceConnectConfiguration: connect }) => connect?.enabled === true),
      "answers with TLS only": ({ serviceName, deployments }) =>
        deployments.every(({ serviceConnectConfiguration: connect }) => {
          const own = connect?.services ?? [];
          return (
            own.every(({ tls }) => tls !== undefined) && own.length > 0 === called.includes(withoutSuffix(serviceName))
          );
        }),
    },
  ),
  control("SA-10", "services roll out without a gap and go back by themselves", services, {
    "keeps all tasks while somebody waits for their answers": service =>
      !answers(service) || service.deploymentConfiguration?.minimumHealthyPercent === 100,
    "goes back": ({ deploymentConfiguration }) =>
      deploymentConfiguration?.deploymentCircuitBreaker?.enable === true &&
      deploymentConfiguration.deploymentCircuitBreaker.rollback,
  }),
  control(
    "SA-12",
    "services scale within the bounds of the stack",
    async api => {
      const targets = await list<Target>(
        "application-autoscaling",
        "DescribeScalableTargets",
        "ScalableTargets",
        "ResourceId",
        { ServiceNamespace: "ecs" },
      )(api);
      const found = new Map(targets.map(([id, target]) => [withoutSuffix(id.split("/").at(-1) ?? ""), target]));
      return Object.entries(dev.replicas).map(
        ([name, bounds]): [string, { bounds: readonly number[]; target?: Target }] => [
          name,
          { bounds, target: found.get(name) },
        ],
      );
    },
    {
      "has its bounds": ({ bounds, target }) =>
        target !== undefined && [target.MinCapacity, target.MaxCapacity].join() === bounds.join(),
    },
  ),
  control(
    "SP-6",
    "ScriptPulse keeps nothing on disk and writes no text",
    those(tasks, name => name === "scriptpulse-dev-api"),
    {
      "has no volume": ({ volumes = [], containerDefinitions }) =>
        volumes.length === 0 && containerDefinitions.every(({ mountPoints = [] }) => mountPoints.length === 0),
      "writes to memory only": ({ containerDefinitions }) =>
        containerDefinitions.every(
          ({ readonlyRootFilesystem, linuxParameters }) =>
            readonlyRootFilesystem === true && (linuxParameters?.tmpfs ?? []).length > 0,
        ),
      // What the process prints goes to the router beside it, which lets declared fields pass; nothing else takes it.
      "sends its output through the router": ({ containerDefinitions }) =>
        containerDefinitions.some(
          ({ name, logConfiguration, dependsOn = [] }) =>
            name === "api" &&
            logConfiguration?.logDriver === "awsfirelens" &&
            logConfiguration.options?.Name === "null" &&
            dependsOn.some(({ containerName }) => containerName === "api-log-router"),
        ),
    },
  ),
  control("IS-5", "ISS answers the origin of its frontend and no other", container("iss-dev-api/api"), {
    "names the origin": api => named(api, "ALLOW_ORIGINS") === dev.corsOrigin,
  }),
  control(
    "IS-8",
    "ISS has 4 GiB",
    those(tasks, name => name === "iss-dev-api"),
    {
      "has them": ({ memory, containerDefinitions }) =>
        memory === "4096" && containerDefinitions.some(({ name, memory }) => name === "api" && memory === 4096),
    },
  ),
  control("RT-2", "the router's configuration is checked before it starts", poller, {
    "waits for the check": at =>
      at?.dependsOn?.some(
        ({ containerName, condition }) => containerName === "poller-check" && condition === "SUCCESS",
      ) === true,
  }),
  control("RT-4", "the router has 30 seconds to finish", poller, { "has them": at => at?.stopTimeout === 30 }),
  control("RT-12", "the router writes to /tmp alone, in memory", poller, {
    "has that one directory": at =>
      at?.linuxParameters?.tmpfs?.map(({ containerPath }) => containerPath).join() === "/tmp",
    "runs nothing from there": at =>
      at?.linuxParameters?.tmpfs?.every(({ mountOptions = [] }) => mountOptions.includes("noexec")) === true,
  }),
  control("RT-30", "the router's replicas take turns by a lease", poller, {
    "knows the lease": at =>
      named(at, "LEASE_TABLE")?.startsWith("router-dev-lease-") === true && named(at, "LEASE_KEY") === "poller",
  }),
  control(
    "RT-10",
    "repositories are immutable, scanned and encrypted",
    list<{
      repositoryName: string;
      imageTagMutability: string;
      imageScanningConfiguration?: { scanOnPush: boolean };
      encryptionConfiguration?: { encryptionType: string; kmsKey?: string };
    }>("ecr", "DescribeRepositories", "repositories", "repositoryName"),
    {
      "tags are final": repository => repository.imageTagMutability === "IMMUTABLE",
      "images are scanned": repository => repository.imageScanningConfiguration?.scanOnPush === true,
      "has a customer's key": repository => customerKey(repository.encryptionConfiguration?.kmsKey),
    },
  ),
];
