// Kubernetes components: the configuration of what reads logs on each node: only our namespaces' pods, and of a declared service only what it declared (RT-23, SP-6, SP-8, SP-15). Pure.
import type { ClusterFoundationHome } from "./cluster-foundation-home";
import { platformNamespace, platformWorkload } from "./cluster-foundation-home";
import { type CollectorConfig, collectorService, memoryLimiter } from "./collector";
import { sinkExporter } from "./log-delivery";
import { declaredStatements, dropMarked, isDeclared, namedKind } from "./log-statements";

export const nodeLogsName = "node-logs";
/** Where the kubelet keeps what containers write. */
export const podLogs = "/var/log/pods";

export function nodeLogConfig(home: ClusterFoundationHome, memoryMiB: number): CollectorConfig {
  return {
    receivers: {
      filelog: {
        // The kubelet names directories `<namespace>_<pod>_<uid>`; what reads does not read itself.
        include: namespacesOf(home).map(namespace => `${podLogs}/${namespace}_*/*/*.log`),
        include_file_path: true,
        include_file_name: false,
        // A file that is new may hold records already; one that is known goes on where it was.
        start_at: "beginning",
        storage: "file_storage",
        // Longer lines are parted, and a part of a record is no record.
        max_log_size: "1MiB",
        operators: [{ type: "container", add_metadata_from_filepath: true }],
        // What cannot be delivered is not read on: the node keeps it.
        retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
      },
    },
    processors: {
      memory_limiter: memoryLimiter({ memoryMiB }),
      "transform/origin": { error_mode: "silent", log_statements: [origin(home)] },
      "transform/declared": {
        // An error tells of the line it is about; nothing of a line may reach another log.
        error_mode: "silent",
        log_statements: [
          ...home.workloads.flatMap(({ workload, namespace, tenants }) =>
            Object.entries(workload.services)
              .filter(([, service]) => isDeclared(service))
              .map(([serviceName, service]) =>
                declaredStatements({ namespace, serviceName, service, tenancy: workload.tenancy, tenants }),
              ),
          ),
          namedKind(),
        ],
      },
      "filter/declared": dropMarked,
    },
    exporters: sinkExporter(home),
    ...collectorService(
      { storage: true },
      {
        logs: {
          receivers: ["filelog"],
          processors: ["memory_limiter", "transform/origin", "transform/declared", "filter/declared"],
          exporters: ["otlphttp"],
        },
      },
    ),
  };
}

function namespacesOf(home: ClusterFoundationHome): string[] {
  return [...home.workloads.map(({ namespace }) => namespace), platformNamespace(home)];
}

/** Workload and service, by the names that logs, metrics and traces share. */
function origin({ environment, workloads, ...home }: ClusterFoundationHome) {
  const platform = platformNamespace({ environment });
  const owners = [
    ...workloads.map(({ workload, namespace }) => ({ namespace, name: workload.name })),
    { namespace: platform, name: platformWorkload },
  ];
  return {
    context: "resource",
    statements: [
      ...owners.map(
        ({ namespace, name }) =>
          `set(attributes["service.namespace"], "${name}") where attributes["k8s.namespace.name"] == "${namespace}"`,
      ),
      `set(attributes["service.name"], attributes["k8s.container.name"])`,
      `set(attributes["deployment.environment.name"], "${environment}")`,
      `set(attributes["service.version"], "${home.buildSha}")`,
    ],
  };
}
