// AWS components: names of the log groups of a workload with several tenants (SP-9). Pure.

/** Logs each tenant has of its own. */
export type TenantLog = "application" | "compliance";

/** Everything below it belongs to tenants: `<prefix>/<tenant>/<log>`. */
export function tenantLogPrefix(environment: string, workload: string): string {
  return `/palisade/${environment}/${workload}/tenants`;
}
