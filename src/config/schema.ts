// Config: the schema of a stack on AWS, everything under `palisade:`. Each field says what it is, its unit and its controls.
import { z } from "zod";
import { dnsLabel } from "../workload/names";
import { eks, eksImages, standInKubeconfig } from "./eks-schema";
import {
  authorityArn,
  certificateArn,
  cidr,
  cidrAllowed,
  field,
  hostedZoneId,
  httpsUrl,
  loopbackAllowed,
  loopbackUrl,
  region,
  secret,
} from "./fields";
import { accountBaseline, tracing } from "./observability-schema";
import { edgeDomain, environment, modeText, platformImage, release, secrets } from "./shared-schema";
import { database, monthlyBudgetUsd, workloadName, workloadOverrides } from "./workload-schema";

/** The retentions that CloudWatch Logs offers. */
const logDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const range = (is: string) => field(cidr, { is, controls: ["SA-2"], allowed: cidrAllowed });

const network = z.strictObject({
  cidr: range("Range of the VPC: private (RFC 1918), /16 to /24."),
  zones: field(
    z
      .array(
        z.strictObject({
          name: field(z.string(), {
            is: "Availability zone of the stack's region.",
            controls: ["SA-2"],
            allowed: "the name of an availability zone, such as eu-central-1a",
          }),
          public: range("Subnet of the load balancer and NAT gateway: /20 to /28."),
          private: range("Subnet of the services: /20 to /28."),
          data: range("Subnet of the databases, without a route to the internet: /20 to /28."),
        }),
      )
      .min(2)
      .max(6),
    {
      is: "Availability zones, each with its three subnets.",
      controls: ["SA-2"],
      allowed: "a list of two to six zones, each with name, public, private and data",
    },
  ),
  egress: field(z.enum(["nat-per-zone", "single-nat", "endpoints"]), {
    is: "Way out of the private subnets. `endpoints`: to AWS services only, no internet.",
    controls: ["SA-12", "SP-13"],
  }),
  peers: field(
    z.array(
      z.strictObject({
        name: field(dnsLabel, {
          is: "Name of the network.",
          allowed: "a lower-case name of at most 24 characters, such as `office`",
          controls: ["SA-2"],
        }),
        cidr: range("Its range."),
      }),
    ),
    {
      is: "Networks the VPC is or will be joined to; none of its ranges may overlap theirs.",
      controls: ["SA-2"],
      allowed: "a list of networks, each with name and cidr",
    },
  ).default([]),
});

const retention = z.strictObject({
  logDays: field(z.literal(logDays), {
    is: "Retention of log groups; at least 1 in dev, 14 in staging, 90 in prod.",
    unit: "days",
    controls: ["RT-23"],
    allowed: `whole days, such as 90, without quotes or unit; CloudWatch offers ${logDays.join(", ")}`,
  }),
  objectLockDays: field(z.int().min(1).max(3653), {
    is: "Time for which the log archive can be neither changed nor deleted, by anybody.",
    unit: "days",
    controls: ["RT-23", "SP-14"],
  }),
  complianceDays: field(z.int().min(1).max(3653), {
    is: "Time for which compliance records can be neither changed nor deleted, by anybody; at least 1 in dev, 184 in staging and prod: the six months of the EU AI Act, articles 19 and 26(6).",
    unit: "days",
    controls: ["SP-14", "SP-8"],
  }).default(184),
  backupDays: field(z.int().min(1).max(35), {
    is: "Retention of the automatic database backups; point-in-time recovery reaches as far back.",
    unit: "days",
    controls: ["PF-6"],
  }),
  keyDeletionDays: field(z.int().min(7).max(30), {
    is: "Waiting period before a deleted KMS key is gone.",
    unit: "days",
    controls: ["SA-7"],
  }),
  secretRecoveryDays: field(z.union([z.literal(0), z.int().min(7).max(30)]), {
    is: "Time for which a deleted secret can be restored; 0 deletes at once.",
    unit: "days",
    controls: ["SA-8"],
    allowed: "0, or a whole number of days from 7 to 30, without quotes or unit",
  }),
});

const alarms = z.strictObject({
  emails: field(
    z.array(field(z.email(), { is: "Recipient.", allowed: "an e-mail address, such as oncall@example.com" })),
    { is: "Recipients of alarms by e-mail.", controls: ["SA-12"], allowed: "a list of e-mail addresses" },
  ).default([]),
  pagerDuty: secret({
    is: "Integration URL of a PagerDuty service; who knows it can raise alarms.",
    controls: ["RT-24"],
    allowed: "an https URL, encrypted",
    format: value => /^https:\/\/[^\s]+$/.test(value),
  }).optional(),
  rateLimitPer5Minutes: field(z.int().min(10).max(2_000_000), {
    is: "Requests of one client address above which the edge blocks it.",
    unit: "requests in 5 minutes",
    controls: ["SA-12"],
  }).default(2000),
});

const siem = z.strictObject({
  url: field(httpsUrl, {
    is: "HTTPS event collector that receives the logs besides the archive.",
    controls: ["RT-23", "PF-2"],
    allowed: "an https URL without user or query, such as https://siem.example.com/services/collector",
  }),
  accessKey: secret({ is: "Key the collector asks for.", controls: ["RT-23"] }),
});

const edge = z.strictObject({
  domain: edgeDomain,
  hostedZoneId: field(hostedZoneId, {
    is: "Route 53 hosted zone that holds the domain: the alias and the certificate's validation are written there.",
    controls: ["SA-11"],
    allowed: "the id of a hosted zone, such as Z0123456789ABCDEFGHIJ",
  }).optional(),
  certificateArn: field(certificateArn, {
    is: "Certificate of the domain that exists already, in the stack's region. Without it one is requested.",
    controls: ["SA-6"],
    allowed: "the ARN of an ACM certificate",
  }).optional(),
  redirectHttp: field(z.boolean(), {
    is: "Answer on port 80 as well, with a redirect to HTTPS. Otherwise the edge listens on 443 only.",
    controls: ["SP-12"],
  }).default(false),
  accessLogDays: field(z.int().min(1).max(3653), {
    is: "Retention of the load balancer's access logs; at least 1 in dev, 14 in staging, 90 in prod.",
    unit: "days",
    controls: ["RT-23"],
  }),
});

export const stackConfig = field(
  z.strictObject({
    mode: field(z.literal("saas"), modeText),
    environment,
    region: field(region, { is: "AWS region everything stands in.", controls: ["PF-2"] }),
    secondRegion: field(region, {
      is: "AWS region of the copies of replicated buckets, other than `region`.",
      controls: ["CP-12"],
    }).optional(),
    // In a mapping, since the engine hands a number at the top on as text.
    budget: field(
      z.strictObject({
        monthlyUsd: field(monthlyBudgetUsd, {
          is: "Amount; at 80 and 100 % of it, and at a forecast above it, people are warned, and nothing is stopped.",
          unit: "US dollars a month",
          controls: ["CP-12"],
        }),
      }),
      { is: "Budget of the whole stack.", controls: ["CP-12"] },
    ).optional(),
    compute: field(z.enum(["fargate", "eks"]), {
      is: "What runs the containers in SaaS mode.",
      controls: ["PF-1"],
    }).default("fargate"),
    eks: field(eks, { is: "The cluster, where `compute` is `eks`.", controls: ["PF-1"] }).optional(),
    localAws: field(
      z.strictObject({
        endpoint: field(loopbackUrl, {
          is: "Address of the local AWS.",
          controls: ["RT-3"],
          allowed: loopbackAllowed,
        }),
        kubeconfig: standInKubeconfig,
      }),
      {
        is: "Deploy to a local AWS in place of an account. Dev only; elsewhere `PALISADE_LOCAL_AWS` does it for a preview.",
        controls: ["RT-3"],
      },
    ).optional(),
    network: field(network, { is: "Address plan of the VPC.", controls: ["SA-2"] }),
    retention: field(retention, { is: "How long things are kept.", controls: ["RT-23"] }),
    alarms: field(alarms, { is: "Who is called, and when the edge defends itself.", controls: ["SA-12", "RT-24"] }),
    siem: field(siem, { is: "External log sink.", controls: ["PF-2", "RT-23"] }).optional(),
    edge: field(edge, { is: "Domain, certificate and access logs of the public entrance.", controls: ["SA-6"] }),
    database: field(database, {
      is: "Databases of all workloads, unless a workload overrides it.",
      controls: ["SA-4"],
    }).prefault({}),
    serviceCa: field(
      z.strictObject({
        arn: field(authorityArn, {
          is: "Private certificate authority that exists already, in the stack's region. Without it one is made.",
          controls: ["SA-6"],
          allowed: "the ARN of an AWS Private CA certificate authority",
        }).optional(),
        validityYears: field(z.int().min(1).max(30), {
          is: "Validity of the authority that is made.",
          unit: "years",
          controls: ["SA-6"],
        }).default(10),
      }),
      { is: "Authority of the certificates with which services prove themselves to each other.", controls: ["SA-6"] },
    ).prefault({}),
    release,
    platformImages: field(
      z.strictObject({
        "log-shipper": platformImage(
          "Fluent Bit, which carries logs from files and by tenant; from `palisade/log-shipper`.",
        ),
        "telemetry-collector": platformImage(
          "AWS Distro for OpenTelemetry, which samples and exports traces; from `palisade/telemetry-collector`.",
        ),
        "egress-proxy": platformImage(
          "Egress proxy, which lets calls out to the named hosts only; from `palisade/egress-proxy`.",
        ),
        ...eksImages,
      }),
      {
        is: "Images of the platform's own helpers, by digest; each is needed where a workload asks for what it does.",
        controls: ["RT-1"],
      },
    ).prefault({}),
    tracing: tracing.prefault({}),
    accountBaseline: accountBaseline.prefault({}),
    workloads: field(
      z.record(workloadName, field(workloadOverrides, { is: "One workload of this stack.", controls: ["PF-1"] })),
      {
        is: "Workloads this stack runs, with what differs from their specifications.",
        controls: ["PF-1"],
        allowed: "a mapping from workload to its images and overrides",
      },
    ),
    secrets,
  }),
  { is: "Configuration of a stack in SaaS mode, under the one namespace `palisade:`.", controls: ["PF-1"] },
);

/** What an author writes: defaults may be left out. */
export type StackConfigInput = z.input<typeof stackConfig>;
/** Checked, with defaults; secrets still sealed. */
export type SealedConfig = z.output<typeof stackConfig>;
