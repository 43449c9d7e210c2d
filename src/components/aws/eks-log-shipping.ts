// AWS components: what the CloudWatch add-on of an EKS cluster is told: each pod's lines go to the log group of its own part. Pure (RT-23, IS-6, CP-4).

/**
 * Log group of a part of a workload: a service, or a helper beside it. The dot is Fluent Bit's: nothing else may stand
 * between two variables of a name.
 */
export function partLogGroup(environment: string, workload: string, part: string): string {
  return `/palisade/${environment}/${workload}.${part}`;
}

/** Log group of pods that belong to no workload: those of the add-ons. */
export function addonLogGroup(environment: string): string {
  return `/palisade/${environment}/cluster-add-ons`;
}

export interface LogShippingArgs {
  environment: string;
  region: string;
  clusterName: string;
}

/** Configuration of the add-on: Container Insights, and Fluent Bit as below. */
export function observabilityConfiguration(args: LogShippingArgs): Record<string, unknown> {
  return {
    agent: { config: { logs: { metrics_collected: { kubernetes: { enhanced_container_insights: true } } } } },
    containerLogs: {
      enabled: true,
      fluentBit: {
        config: {
          service: serviceSection,
          customParsers: "",
          extraFiles: {
            "application-log.conf": applicationLog(args),
            // What the nodes' system says stays on them: nobody opens a session there, and their health is EKS's business.
            "dataplane-log.conf": "",
            "host-log.conf": "",
          },
        },
      },
    },
  };
}

const serviceSection = `[SERVICE]
  Flush                     5
  Grace                     30
  Log_Level                 error
  Daemon                    off
  Parsers_File              parsers.conf
  storage.path              /var/fluent-bit/state/flb-storage/
  storage.sync              normal
  storage.checksum          off
  storage.backlog.mem_limit 5M
`;

/**
 * Lines as the processes wrote them (`log_key log`), so that metric filters and the archive see the very records of the
 * other homes. No group is ever made here: one without key and retention would be (SA-7).
 */
function applicationLog({ environment, region }: LogShippingArgs): string {
  const labels = "$kubernetes['labels']";
  const template = partLogGroup(
    environment,
    `${labels}['app.kubernetes.io/part-of']`,
    `${labels}['app.kubernetes.io/name']`,
  );
  return `[INPUT]
  Name                tail
  Tag                 application.*
  Path                /var/log/containers/*.log
  multiline.parser    cri
  DB                  /var/fluent-bit/state/flb_container.db
  Mem_Buf_Limit       50MB
  Skip_Long_Lines     On
  Refresh_Interval    10
  Rotate_Wait         30
  storage.type        filesystem
  Read_from_Head      On

[FILTER]
  Name                kubernetes
  Match               application.*
  Kube_URL            https://kubernetes.default.svc:443
  Kube_Tag_Prefix     application.var.log.containers.
  Merge_Log           Off
  Keep_Log            On
  Labels              On
  Annotations         Off
  Use_Kubelet         On
  Kubelet_Port        10250
  Buffer_Size         0

[OUTPUT]
  Name                cloudwatch_logs
  Match               application.*
  region              ${region}
  log_group_name      ${addonLogGroup(environment)}
  log_group_template  ${template}
  log_stream_prefix   node-
  log_key             log
  auto_create_group   false
  retry_limit         no_limits
`;
}
