// Config: what a stack says about its workloads: images, overrides, databases, supplied secrets.
import { z } from "zod";
import { resources } from "../workload/container";
import { dnsLabel, envName, hostName, imageDigest } from "../workload/names";
import { scaling } from "../workload/operation";
import { postgres } from "../workload/state";
import { field, instanceClass, origin, principalArn, roleArn, secret, securityGroupId } from "./fields";

export const workloadName = field(dnsLabel, { is: "Name in the catalogue.", allowed: "the name of a workload" });
const serviceName = field(dnsLabel, { is: "Name of a service.", allowed: "the name of a service of the workload" });
const variableName = field(envName, {
  is: "Name of an environment variable.",
  allowed: "an upper-case variable name, such as `LOG_LEVEL`",
});

/** Of all workloads, or of one of them. */
export const database = z.strictObject({
  instanceClass: field(instanceClass, {
    is: "RDS instance class.",
    controls: ["SA-4"],
    allowed: "an RDS instance class, such as db.t4g.medium",
  }).default("db.t4g.medium"),
  multiAz: field(z.boolean(), {
    is: "Standby in a second zone that takes over by itself.",
    controls: ["SA-12"],
  }).default(true),
  deletionProtection: field(z.boolean(), {
    is: "Refuse deletion until this is set to false by an update of its own.",
    controls: ["PF-6"],
  }).default(true),
  finalSnapshot: field(z.boolean(), {
    is: "Take a snapshot when the database is deleted.",
    controls: ["PF-6"],
  }).default(true),
});

const storeOverride = z.strictObject({
  instanceClass: database.shape.instanceClass.unwrap().optional(),
  storageGiB: field(postgres.shape.storageGiB, {
    is: "Storage in place of the specification's; it can grow, never shrink.",
    unit: "GiB",
    controls: ["SA-4"],
  }).optional(),
  multiAz: database.shape.multiAz.unwrap().optional(),
  deletionProtection: database.shape.deletionProtection.unwrap().optional(),
  finalSnapshot: database.shape.finalSnapshot.unwrap().optional(),
});

/** What a stack changes of a service, in either mode. */
const serviceOverride = z.strictObject({
  minReplicas: field(scaling.shape.minReplicas, {
    is: "Fewest replicas, in place of the specification's.",
    unit: "replicas",
    controls: ["SA-12"],
  }).optional(),
  maxReplicas: field(scaling.shape.maxReplicas, {
    is: "Most replicas, in place of the specification's.",
    unit: "replicas",
    controls: ["SA-12"],
  }).optional(),
  cpuMillicores: field(resources.shape.cpuMillicores, {
    is: "CPU of one replica, in place of the specification's.",
    unit: "thousandths of a core",
    controls: ["RT-6"],
  }).optional(),
  memoryMiB: field(resources.shape.memoryMiB, {
    is: "Memory of one replica, in place of the specification's.",
    unit: "MiB",
    controls: ["RT-6"],
  }).optional(),
  environment: field(
    z.record(variableName, field(z.string(), { is: "Value of the variable.", allowed: "text; a number in quotes" })),
    {
      is: "Variables added to the specification's, or in place of its literal ones. No secrets: those go to `palisade:secrets`.",
      controls: ["PF-7"],
    },
  ).default({}),
});

const volumeLoader = z.strictObject({
  roleArn: field(roleArn, {
    is: "Role with which it mounts the volume and writes to it.",
    controls: ["IS-9"],
    allowed: "the ARN of an IAM role, such as arn:aws:iam::123456789012:role/vault-loader",
  }),
  securityGroupId: field(securityGroupId, {
    is: "Security group it connects from, in the stack's VPC.",
    controls: ["SA-9"],
    allowed: "the id of a security group, such as sg-0123456789abcdef0",
  }),
});
/** Whole dollars: a budget is a warning, not an invoice. */
export const monthlyBudgetUsd = z.int().min(1).max(10_000_000);

export const images = field(
  z.record(
    serviceName,
    field(imageDigest, {
      is: "Digest of the service's image.",
      controls: ["RT-1"],
      allowed: "an image digest: `sha256:` and 64 hexadecimal digits, never a tag",
    }),
  ),
  { is: "Image of each service, by digest.", controls: ["RT-1"], allowed: "a mapping from service to image digest" },
);

export const services = field(
  z.record(serviceName, field(serviceOverride, { is: "What differs from the specification.", controls: ["PF-1"] })),
  { is: "Services that differ from the specification in this stack.", controls: ["PF-1"] },
).default({});

export const tenants = field(
  z.record(
    field(dnsLabel, {
      is: "Id of the tenant, as requests carry it.",
      allowed: "a lower-case name of at most 24 characters, such as `acme`",
    }),
    field(
      z.strictObject({
        requestsPerMinute: field(z.int().min(1).max(1_000_000), {
          is: "Requests of this tenant above which the edge refuses, in place of the specification's.",
          unit: "requests in a minute",
          controls: ["SP-9"],
        }).optional(),
      }),
      { is: "One tenant.", controls: ["SP-9"] },
    ),
  ),
  {
    is: "Tenants of a workload with tenancy: each has a key, log groups and a quota of its own.",
    controls: ["SP-9"],
    allowed: "a mapping from tenant to its settings, such as `acme: {}`",
  },
).default({});

export const frontendOrigin = field(origin, {
  is: "Origin the frontend is served from: the only one the API answers to a browser.",
  controls: ["SA-11", "IS-5"],
  allowed: "an origin without a path, such as https://www.example.com",
}).optional();

export const workloadOverrides = z.strictObject({
  images,
  builds: field(
    z.record(
      serviceName,
      field(
        z.strictObject({
          context: field(z.string().min(1), {
            is: "Directory the image is built from, seen from the project.",
            controls: ["SA-10"],
            allowed: "a directory, such as ../sanctum/backend",
          }),
          dockerfile: field(z.string().min(1), {
            is: "Its Dockerfile; `Dockerfile` in the context unless told.",
            controls: ["SA-10"],
            allowed: "a file, such as ../sanctum/backend/Dockerfile",
          }).optional(),
        }),
        { is: "Where the service's image is built from.", controls: ["SA-10"] },
      ),
    ),
    {
      is: "Services whose image is built on the spot by the Docker daemon at hand, in place of a digest. Dev only.",
      controls: ["SA-10", "RT-3"],
    },
  ).default({}),
  services,
  postgres: field(storeOverride, {
    is: "What differs from `palisade:database` and the specification for the user database.",
    controls: ["SA-4"],
  }).optional(),
  vectors: field(storeOverride, {
    is: "What differs from `palisade:database` and the specification for the vector database.",
    controls: ["SA-5"],
  }).optional(),
  volumeLoaders: field(
    z.record(
      field(dnsLabel, { is: "Name of a volume.", allowed: "the name of a volume of the workload" }),
      field(volumeLoader, { is: "Who fills the volume.", controls: ["IS-9"] }),
    ),
    {
      is: "Who fills volumes from outside the workload, such as those that no service writes. Nobody else can.",
      controls: ["IS-9"],
    },
  ).default({}),
  tenants,
  frontendOrigin,
  frontendTarget: field(hostName, {
    is: "Host name under which an external publisher serves the frontend; the platform points the frontend's name at it.",
    controls: ["SA-11"],
    allowed: "a host name, such as cname.vercel-dns.com",
  }).optional(),
  approvers: field(
    z
      .array(
        field(principalArn, {
          is: "Who may decide.",
          allowed: "the ARN of an IAM role or user, such as arn:aws:iam::123456789012:role/editor",
        }),
      )
      .min(1)
      .max(10),
    {
      is: "People of whom one must approve what the workload's approvals hold back.",
      controls: ["CP-11"],
      allowed: "a list of one to ten ARNs of IAM roles and users",
    },
  ).optional(),
  monthlyBudgetUsd: field(monthlyBudgetUsd, {
    is: "Budget of the workload in this stack; it warns at 80 and 100 % and of a forecast above it, and stops nothing.",
    unit: "US dollars a month",
    controls: ["CP-12"],
  }).optional(),
});
export type WorkloadOverrides = z.output<typeof workloadOverrides>;
export type DatabaseSettings = z.output<typeof database>;

export const secretsOfWorkload = field(
  z.record(variableName, secret({ is: "Value of the secret.", controls: ["SA-8"] })),
  {
    is: "Secrets of one workload.",
    controls: ["SA-8"],
  },
);
