// Kubernetes components: the configuration of the log sink: files by workload and kind, kept for their time, and the SIEM (IS-6, RT-23, SP-8, SP-14). Pure.
import type { ClusterFoundationHome, LoggedWorkload, Siem } from "./cluster-foundation-home";
import {
  type CollectorConfig,
  collectorService,
  fromVariable,
  memoryLimiter,
  otlpReceiver,
  persistentDelivery,
} from "./collector";
import { kindAttribute, tenantAttribute } from "./log-statements";

export const logSinkPort = 4318;
/** Where the files are; the volume of the sink. */
export const logDirectory = "/var/log/palisade";
/** Where the authority of the SIEM is, and the variable with its key. */
export const siemAuthority = "/run/palisade/siem/ca.crt";
export const siemKeyVariable = "SIEM_ACCESS_KEY";

/** One file, and the records that belong in it. */
export interface LogPlace {
  /** Name of its pipeline. */
  id: string;
  /** Below the directory of the sink, without an ending. */
  path: string;
  /** Days a record is kept, at least. */
  days: number;
  /** Condition on a record, in the collector's language. */
  condition: string;
}

export function logSinkConfig(home: ClusterFoundationHome, memoryMiB: number): CollectorConfig {
  const places = logPlaces(home);
  const { siem } = home;
  return {
    receivers: { otlp: otlpReceiver(logSinkPort) },
    processors: {
      memory_limiter: memoryLimiter({ memoryMiB }),
      ...Object.fromEntries(
        places.map(({ id, condition }) => [
          `filter/${id}`,
          { error_mode: "propagate", logs: { log_record: [`not (${condition})`] } },
        ]),
      ),
      ...(siem?.kind === "syslog" && { "transform/syslog": syslogFields(home) }),
    },
    exporters: {
      ...Object.fromEntries(places.map(place => [`file/${place.id}`, fileExporter(place)])),
      ...(siem && siemExporter(siem)),
    },
    ...collectorService(
      { storage: siem !== undefined },
      {
        ...Object.fromEntries(
          places.map(({ id }) => [
            `logs/${id}`,
            { receivers: ["otlp"], processors: ["memory_limiter", `filter/${id}`], exporters: [`file/${id}`] },
          ]),
        ),
        ...(siem && {
          "logs/siem": {
            receivers: ["otlp"],
            processors: ["memory_limiter", ...(siem.kind === "syslog" ? ["transform/syslog"] : [])],
            exporters: [siem.kind === "syslog" ? "syslog" : "splunk_hec"],
          },
        }),
      },
    ),
  };
}

/**
 * A file for each kind of each workload, compliance records for each tenant by itself, and one for whatever is left: every
 * record is in exactly one.
 */
function logPlaces({ workloads, retention }: ClusterFoundationHome): LogPlace[] {
  const places = workloads.flatMap(logged => workloadPlaces(logged, retention));
  const known = places.map(({ condition }) => `(${condition})`).join(" or ");
  const rest = { id: "other", path: "other", days: Math.max(retention.logDays, retention.complianceDays) };
  return [...places, { ...rest, condition: known ? `not (${known})` : "true" }];
}

function workloadPlaces(
  { workload, tenants }: LoggedWorkload,
  { logDays, complianceDays }: ClusterFoundationHome["retention"],
): LogPlace[] {
  const kinds = [...new Set(Object.values(workload.services).flatMap(({ logs }) => logs.map(({ kind }) => kind)))];
  const ofWorkload = `resource.attributes["service.namespace"] == ${JSON.stringify(workload.name)}`;
  return [...new Set(["application", ...kinds])].flatMap((kind): LogPlace[] => {
    const ofKind = `${ofWorkload} and attributes["${kindAttribute}"] == ${JSON.stringify(kind)}`;
    const place = { id: `${workload.name}-${kind}`, path: `${workload.name}/${kind}` };
    if (kind !== "compliance") return [{ ...place, days: logDays, condition: ofKind }];
    const days = Math.max(logDays, complianceDays);
    const tenant = `attributes["${tenantAttribute}"]`;
    if (tenants.length === 0) return [{ ...place, days, condition: ofKind }];
    return [
      { ...place, days, condition: `${ofKind} and ${tenant} == nil` },
      ...tenants.map(id => ({
        id: `${place.id}-${checked(id)}`,
        path: `${place.path}-tenants/${id}`,
        days,
        condition: `${ofKind} and ${tenant} == ${JSON.stringify(id)}`,
      })),
    ];
  });
}

/** It becomes the name of a file. */
function checked(tenant: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(tenant))
    throw new Error(
      `tenant \`${tenant}\` cannot be the name of a file; allowed are letters, digits, \`_\` and \`-\` (SP-9)`,
    );
  return tenant;
}

/**
 * A file is closed at its size and deleted its days after that: a record stays at least as long. No number of files ends
 * its time early; that the volume fills up is for an alarm.
 */
function fileExporter({ path, days }: LogPlace) {
  return {
    path: `${logDirectory}/${path}.jsonl`,
    create_directory: true,
    directory_permissions: "0750",
    format: "json",
    rotation: { max_megabytes: 100, max_days: days, max_backups: 0, localtime: false },
  };
}

function siemExporter(siem: Siem) {
  const tls = { insecure: false, min_version: "1.2", ...(siem.ownAuthority && { ca_file: siemAuthority }) };
  if (siem.kind === "syslog")
    return {
      syslog: {
        endpoint: siem.host,
        port: siem.port ?? 6514,
        network: "tcp",
        protocol: "rfc5424",
        // RFC 5425: over TLS each message comes with its length.
        enable_octet_counting: true,
        tls,
        ...persistentDelivery,
      },
    };
  return {
    splunk_hec: {
      endpoint: `https://${siem.host}${siem.port ? `:${siem.port}` : ""}${siem.path}`,
      token: fromVariable(siemKeyVariable),
      source: "palisade",
      tls,
      ...persistentDelivery,
    },
  };
}

/** Severities by the names of RFC 5424, in the order of their numbers. */
const severities = ["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"];
/** Facility `local0`. */
const facility = 16;

/** The header of RFC 5424 from what is known of a record; its text is the record. */
function syslogFields({ environment }: ClusterFoundationHome) {
  const informational = 6;
  const field = (name: string, value: string) => `set(attributes["${name}"], ${value})`;
  return {
    error_mode: "silent",
    log_statements: [
      {
        context: "log",
        statements: [
          field("hostname", `resource.attributes["k8s.pod.name"]`),
          `${field("hostname", `resource.attributes["host.name"]`)} where attributes["hostname"] == nil`,
          field(
            "appname",
            `Concat([resource.attributes["service.namespace"], resource.attributes["service.name"]], "/")`,
          ),
          field("msg_id", `attributes["${kindAttribute}"]`),
          field("structured_data", `ParseJSON(${JSON.stringify(structuredData(environment))})`),
          // Maps are written as JSON.
          field("message", "String(body)"),
          field("priority", String(facility * 8 + informational)),
          `set(cache["record"], body) where IsMap(body)`,
          `set(cache["record"], ParseJSON(body)) where IsString(body)`,
          ...severities.map(
            (name, number) =>
              `${field("priority", String(facility * 8 + number))} where IsMap(cache["record"]) and cache["record"]["severity"] == "${name}"`,
          ),
        ],
      },
    ],
  };
}

/** Private enterprise number 32473 is the one for examples: it says nothing of who made the record. */
function structuredData(environment: string): string {
  return JSON.stringify({ "palisade@32473": { environment } });
}
