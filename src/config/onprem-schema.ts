// Config: the schema of a stack on a customer's Kubernetes, everything under `palisade:`.
import { z } from "zod";
import { certificatePem, certificatePemAllowed, cidr, cidrAllowed, field, secret } from "./fields";
import { cluster, name, podLabels, ranges } from "./onprem-cluster-schema";
import { onpremWorkload } from "./onprem-workload-schema";
import { edgeDomain, environment, modeText, platformImage, release, samplePercent, secrets } from "./shared-schema";
import { workloadName } from "./workload-schema";

const days = z.int().min(1).max(3653);

const siem = z.strictObject({
  url: field(
    z.string().regex(/^(https:\/\/[a-z0-9.-]+(:\d{1,5})?(\/[\w./~-]*)?|syslog\+tls:\/\/[a-z0-9.-]+(:\d{1,5})?)$/),
    {
      is: "Collector that receives the logs besides the log sink: HTTPS, or syslog over TLS (RFC 5425, port 6514 unless told).",
      controls: ["RT-23", "PF-2"],
      allowed: "a URL such as https://siem.example.com/services/collector or syslog+tls://siem.example.com:6514",
    },
  ),
  accessKey: secret({ is: "Key that an HTTPS collector asks for.", controls: ["RT-23"] }).optional(),
  ranges: field(z.array(field(cidr, { is: "One range.", allowed: cidrAllowed })).min(1), {
    is: "Ranges its addresses lie in: a policy knows no names.",
    controls: ["SA-9"],
    allowed: "a list of at least one IPv4 range",
  }),
  certificateAuthority: field(certificatePem, {
    is: "Authority its certificate is checked by; those that everybody knows unless told.",
    controls: ["SA-6"],
    allowed: certificatePemAllowed,
  }).optional(),
});

export const onpremImages = {
  "egress-proxy": "Egress proxy, which lets calls out to the named hosts only.",
  collector: "OpenTelemetry collector, which carries logs, traces and metrics.",
  "workload-guard": "Guard, which holds restart budgets, throttles and capacity ladders.",
  "approval-gate": "Gate, through which a person's decision reaches a queue.",
  postgres: "PostgreSQL with pgvector.",
  "object-store": "Object storage with the interface of S3.",
  queue: "Queues with the interface of SQS.",
  "tls-front": "TLS before a service that speaks none itself.",
} as const;

export const onpremConfig = field(
  z.strictObject({
    mode: field(z.literal("onprem"), modeText),
    environment,
    delivery: field(z.enum(["cluster", "bundle"]), {
      is: "How it gets there: applied straight to the cluster, or rendered to manifests and carried in as one file.",
      controls: ["PF-1"],
    }),
    cluster,
    edge: field(z.strictObject({ domain: edgeDomain }), { is: "The public entrance.", controls: ["SA-6"] }),
    retention: field(
      z.strictObject({
        logDays: field(days, {
          is: "Time the log sink keeps its files; at least 1 in dev, 14 in staging, 90 in prod.",
          unit: "days",
          controls: ["RT-23"],
        }),
        complianceDays: field(days, {
          is: "Time the log sink keeps compliance records; at least 1 in dev, 184 in staging and prod: the six months of the EU AI Act, articles 19 and 26(6).",
          unit: "days",
          controls: ["SP-14", "SP-8"],
        }).default(184),
      }),
      { is: "How long things are kept.", controls: ["RT-23"] },
    ),
    siem: field(siem, { is: "External log sink.", controls: ["PF-2", "RT-23"] }).optional(),
    tracing: field(
      z.strictObject({
        samplePercent,
        endpoint: field(z.string().regex(/^https:\/\/[a-z0-9.-]+(:\d{1,5})?(\/[\w./~-]*)?$/), {
          is: "OTLP/HTTP address that traces go to besides the log.",
          controls: ["RT-25"],
          allowed: "an https URL without user or query, such as https://traces.example.com:4318",
        }).optional(),
        ranges: ranges("Ranges that address lies in; needed with `endpoint`.", ["SA-9"]).optional(),
      }),
      { is: "Traces of the services whose specification asks for them.", controls: ["RT-25"] },
    ).prefault({}),
    monitoring: field(
      z.strictObject({
        prometheusOperator: field(z.boolean(), {
          is: "Whether the cluster has the Prometheus operator: then there are monitors and alert rules for it.",
          controls: ["RT-24"],
        }).default(false),
        prometheus: field(z.strictObject({ namespace: name("Namespace of its pods.", ["SA-9"]), podLabels }), {
          is: "Pods that may read metrics of the workloads; nobody unless told.",
          controls: ["SA-9", "RT-24"],
        }).optional(),
        ingressMetrics: field(z.enum(["ingress-nginx"]), {
          is: "Whose metrics tell the requests and latency of public services.",
          controls: ["RT-22"],
        }).optional(),
      }),
      { is: "What watches the workloads.", controls: ["RT-24"] },
    ).prefault({}),
    logs: field(
      z.strictObject({
        node: field(z.boolean(), {
          is: "Collect what containers print from each node. False where the cluster has a collector of its own, which then has to.",
          controls: ["RT-23"],
        }).default(true),
        storageGiB: field(z.int().min(1).max(65_536), {
          is: "Storage of the log sink's files.",
          unit: "GiB",
          controls: ["RT-23"],
        }).default(20),
      }),
      { is: "How logs are collected and kept.", controls: ["RT-23"] },
    ).prefault({}),
    release,
    platformImages: field(
      z.strictObject({
        "egress-proxy": platformImage(onpremImages["egress-proxy"]),
        collector: platformImage(onpremImages.collector),
        "workload-guard": platformImage(onpremImages["workload-guard"]),
        "approval-gate": platformImage(onpremImages["approval-gate"]),
        postgres: platformImage(onpremImages.postgres),
        "object-store": platformImage(onpremImages["object-store"]),
        queue: platformImage(onpremImages.queue),
        "tls-front": platformImage(onpremImages["tls-front"]),
      }),
      {
        is: "Images of the platform's own helpers, by digest, from `palisade/<name>`; each is needed where a workload asks for what it does.",
        controls: ["RT-1"],
      },
    ).prefault({}),
    workloads: field(
      z.record(workloadName, field(onpremWorkload, { is: "One workload of this stack.", controls: ["PF-1"] })),
      {
        is: "Workloads this stack runs, with what differs from their specifications.",
        controls: ["PF-1"],
        allowed: "a mapping from workload to its images and overrides",
      },
    ),
    secrets,
  }),
  { is: "Configuration of a stack on Kubernetes, under the one namespace `palisade:`.", controls: ["PF-1"] },
);

export type OnpremConfigInput = z.input<typeof onpremConfig>;
/** Checked, with defaults; secrets still sealed. */
export type SealedOnpremConfig = z.output<typeof onpremConfig>;
