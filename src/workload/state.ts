// Workload model: what a workload keeps. Everything is encrypted at rest with the key of its data class (SA-7).
import { z } from "zod";
import { recordFields } from "./declared-record";
import { containerPath, dataClass, dnsLabel, envName } from "./names";

export const postgres = z.strictObject({
  /** Major version, `17` unless given; both homes run the same (SA-4). */
  version: z.enum(["16", "17"]).default("17"),
  /** Name of the database in it (SA-4). */
  databaseName: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/),
  /** Storage in GiB, encrypted (SA-4, SA-7). */
  storageGiB: z.int().min(20).max(65_536),
  /** Services that may connect, each as a database user of its own name; nobody else can (SA-9). */
  clients: z.array(dnsLabel).min(1),
  /** Class whose key encrypts it; `customer` unless given (SA-7). */
  dataClass: dataClass.default("customer"),
});

/** Vectors live in PostgreSQL with pgvector: managed on AWS, a container elsewhere, the same SQL in both (SA-5). */
export const vectors = postgres.extend({
  /** Length of a vector, in numbers (SA-5). */
  dimensions: z.int().min(1).max(16_000),
  /** Index of pgvector for nearest neighbours; `hnsw` unless given (SA-5). */
  index: z.enum(["hnsw", "ivfflat"]).default("hnsw"),
});

const prefix = z.string().regex(/^([a-z0-9-]+\/)+$/, "a prefix that ends in a slash, such as `audio/raw/`");

export const bucket = z.strictObject({
  /** Class whose key encrypts it; `artifacts` unless given (SA-7). */
  dataClass: dataClass.default("artifacts"),
  /** Prefixes, with the services that may read or write below each; nothing is written outside them (CP-2, CP-3). */
  prefixes: z
    .record(prefix, z.strictObject({ readers: z.array(dnsLabel).default([]), writers: z.array(dnsLabel).default([]) }))
    .refine(prefixes => Object.keys(prefixes).length > 0, "at least one prefix"),
  /** Copy in a second region (CP-12). */
  replicated: z.boolean().default(false),
});

export const volume = z.strictObject({
  /** Class whose key encrypts it; `customer` unless given (SA-7). */
  dataClass: dataClass.default("customer"),
  /** User id that owns its root directory; 1000 unless given (IS-3). */
  ownerUser: z.int().min(1).default(1000),
  /** Planned size in GiB; an alarm rings above it (IS-8). */
  sizeGiB: z.int().min(1).max(65_536),
  /** `replicas`: all replicas of all mounting services see one tree (IS-4). */
  sharing: z.enum(["replica", "replicas"]).default("replica"),
  /** Who mounts it, where in the container, and whether only to read; for writing unless given (IS-3, IS-9). */
  mounts: z
    .array(z.strictObject({ service: dnsLabel, path: containerPath, readOnly: z.boolean().default(false) }))
    .min(1),
});

export const queue = z.strictObject({
  /** Encrypts the messages, which may name customers or files (SA-7). */
  dataClass: dataClass.default("artifacts"),
  /** Services that may send (CP-3). None for a queue that an approval releases to: it could be bypassed (CP-11). */
  producers: z.array(dnsLabel).default([]),
  /** Services that may receive and delete (CP-3). */
  consumers: z.array(dnsLabel).min(1),
  /** Seconds a received message stays hidden from others; longer than the work on it takes (CP-12). */
  visibilitySeconds: z.int().min(0).max(43_200).default(60),
});

export const state = z.strictObject({
  /** Relational database; none unless given (SA-4). */
  postgres: postgres.optional(),
  /** Vector database; none unless given (SA-5). */
  vectors: vectors.optional(),
  /** Buckets by name; none unless given (CP-2). */
  buckets: z.record(dnsLabel, bucket).default({}),
  /** Directories that outlive a replica, by name; none unless given (IS-3, IS-4). */
  volumes: z.record(dnsLabel, volume).default({}),
  /** Queues by name; none unless given (CP-12). */
  queues: z.record(dnsLabel, queue).default({}),
});

/** A secret is named here and never valued here (SA-8, PF-7). */
export const secret = z.strictObject({
  /** What it is for, in the words the operator reads (SA-8). */
  description: z.string().min(1),
  /** `generated`: random, made once by the platform. `supplied`: from secret stack config, or set later by an operator (SA-8). */
  source: z.enum(["generated", "supplied"]),
  /** Length in characters of a generated one; 48 unless given (SA-8). */
  length: z.int().min(24).max(128).default(48),
  /** Rotation cadence; overdue blocks a promotion (RT-17). */
  rotationDays: z.union([z.literal(90), z.literal(180)]).default(90),
  /** Services that receive it as this environment variable; no other can read it (SA-8, CP-3). */
  readers: z.array(dnsLabel).min(1),
});

export const secrets = z.record(envName, secret);

/** Log files and streams that must reach the log sink besides standard output (IS-6, SP-14). */
export const logStream = z.strictObject({
  /** Which log it is; it decides what a record may hold, and where it is kept (SP-8, SP-14, IS-6). */
  kind: z.enum(["application", "audit", "compliance", "telemetry"]),
  /** File to follow, by its path in the container; standard output unless given (IS-6). */
  file: containerPath.optional(),
  /**
   * What a record on standard output may hold, one JSON object per line; nothing else gets through (SP-6, SP-8, SP-15).
   * Needed by `compliance` and `telemetry`, and by every log of a memory-only service.
   */
  fields: recordFields.optional(),
});

/** Several customers in one deployment (SP-9). Each stack lists them. */
export const tenancy = z.strictObject({
  /** Name of the tenant in signed contexts, in log records, and in the encryption context of the tenant's key (SP-9). */
  claim: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, "a name in lower case, such as `tenant_id`"),
  /**
   * Request header that carries the tenant's id. The edge refuses requests without it and counts those with it; whether
   * the caller belongs to the tenant is for the service to establish (SP-9).
   */
  header: z
    .string()
    .regex(/^x-[a-z0-9]+(-[a-z0-9]+)*$/, "a header in lower case that starts with `x-`, such as `x-tenant-id`")
    .default("x-tenant-id"),
  /** Requests of one tenant in a minute above which the edge refuses; a stack can give a tenant its own (SP-9). */
  requestsPerMinute: z.int().min(1).max(1_000_000),
});

/** A step that waits for a person, whose decision is recorded (CP-11). */
export const approval = z.strictObject({
  /** Its name, for a person and in the names of what is created (CP-11). */
  name: dnsLabel,
  /** What is decided, in the words the approver reads (CP-11). */
  description: z.string().min(1),
  /** Service whose work waits for the decision: it consumes the queue and may read what was approved (CP-11). */
  service: dnsLabel,
  /** What is approved: every object version that is written below this prefix (CP-11). */
  of: z.strictObject({ bucket: dnsLabel, prefix }),
  /** Queue that an approved object version goes to, and that nothing else may send to (CP-11). */
  releasesTo: dnsLabel,
});
