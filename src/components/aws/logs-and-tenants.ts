// AWS components: what a workload adds for its declared logs and its tenants, as the rest of it knows them (SP-8, SP-9).
import type * as pulumi from "@pulumi/pulumi";
import type { SaasWorkloadArgs } from "./saas-workload-args";
import type { ServiceContributor } from "./service-parts";
import { StructuredLogs } from "./structured-logs";
import { WorkloadTenants } from "./workload-tenants";

/** Routers and archive of declared logs, and what each tenant has of its own; nothing for a workload with neither. */
export function logsAndTenants(
  component: string,
  args: SaasWorkloadArgs,
  parent: pulumi.Resource,
): ServiceContributor[] {
  const { workload, foundation, accountId, region, environment, tenants, logDays } = args;
  const { tenancy, services, name } = workload;
  const declared = Object.values(services).some(({ logs }) => logs.some(log => log.fields));
  if (!tenancy && !declared) return [];
  const home = { accountId, region, environment, tenants, logDays };
  const logs = new StructuredLogs(
    component,
    {
      ...home,
      workload,
      images: foundation.images,
      keyArn: foundation.keys.arnOf("logs"),
      sink: foundation.logSink,
      siem: args.siem,
      complianceDays: args.complianceDays,
      disposable: args.disposable,
      topicArn: foundation.alarmTopic.arn,
    },
    { parent },
  );
  if (!tenancy) return [logs];
  const { keyDeletionDays } = args;
  const own = new WorkloadTenants(
    component,
    { ...home, workload: name, tenancy, keyDeletionDays, sinks: logs.tenantSinks },
    { parent },
  );
  return [logs, own];
}
