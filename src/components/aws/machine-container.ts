// AWS components: how a machine runs its container: `docker run` with the bounds that Fargate's containers have (RT-12, RT-27). Pure.
import { healthCheck } from "./container-definition";
import { type MachinePaths, type MachineSettings, unitsOf } from "./machine-settings";

/** What the operating system, Docker and the agents of a machine keep for themselves. */
const systemMemoryMiB = 512;

/** Where the machine answers with the credentials of the process's role: the address at which ECS does. */
export const credentialsAddress = "169.254.170.2";
export const credentialsFile = "credentials.json";

/** Arguments of `docker run` that are the same for the process and its check; units share the machine's memory evenly. */
export function boundArguments(settings: MachineSettings, paths: MachinePaths): string[] {
  const { service, serviceName, region, logGroupName } = settings;
  const { image, resources, tmpfs, logs } = service;
  const units = unitsOf(serviceName, service);
  const memory = `${Math.floor((resources.memoryMiB - systemMemoryMiB) / units.length)}m`;
  const evidence = logs.some(log => log.kind !== "application");
  return [
    // The image was pulled by its digest when it was delivered; a start fetches nothing.
    "--pull=never",
    "--init",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    `--user=${image.user}:${image.user}`,
    `--cpus=${resources.cpuMillicores / 1000}`,
    `--memory=${memory}`,
    `--memory-swap=${memory}`,
    "--pids-limit=4096",
    "--ulimit=core=0:0",
    ...tmpfs.map(({ path, sizeMiB }) => `--tmpfs=${path}:rw,noexec,nosuid,nodev,size=${sizeMiB}m`),
    `--env-file=${paths.environment}`,
    `--env-file=${paths.memory}/${serviceName}.env`,
    `--env=AWS_REGION=${region}`,
    `--env=AWS_DEFAULT_REGION=${region}`,
    `--env=AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/${credentialsFile}`,
    "--log-driver=awslogs",
    `--log-opt=awslogs-region=${region}`,
    `--log-opt=awslogs-group=${logGroupName}`,
    "--log-opt=tag={{.Name}}/{{.ID}}",
    // A slow log service must not stop a process, but an audit entry must not be dropped for it (SP-14).
    ...(evidence ? ["--log-opt=mode=blocking"] : ["--log-opt=mode=non-blocking", "--log-opt=max-buffer-size=25m"]),
    ...(image.command ? [`--entrypoint=${image.command[0] ?? ""}`] : []),
  ];
}

/** What only the process has: its health (RT-2). */
export function healthArguments({ service }: Pick<MachineSettings, "service">): string[] {
  const { healthCheck: check } = healthCheck(service);
  if (!check) return [];
  return [
    `--health-cmd=${check.command.at(-1)}`,
    `--health-interval=${check.interval}s`,
    `--health-timeout=${check.timeout}s`,
    `--health-retries=${check.retries}`,
    `--health-start-period=${check.startPeriod}s`,
  ];
}

/** What follows the image: the rest of its command, and then its own arguments or those of the check. */
export function trailingArguments({ image }: MachineSettings["service"], instead?: string[]): string[] {
  return [...(image.command?.slice(1) ?? []), ...(instead ?? image.arguments ?? [])];
}
