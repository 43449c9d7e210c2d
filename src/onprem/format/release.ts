// Bundle format: what a bundle says of the release it holds (PF-3, RT-9). Checked wherever it is read.
import { z } from "zod";
import { digest } from "./descriptor";

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
/** Path below a registry, as the OCI distribution specification allows it. */
const repository = z
  .string()
  .max(255)
  .regex(/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/);
const number = "(0|[1-9]\\d{0,8})";
/** Of a pre-release: no number in it begins with a zero that it could do without. */
const identifier = "(?!0\\d+(\\.|$))[0-9A-Za-z-]{1,64}";
/** Semantic Versioning 2.0.0, without build metadata. */
export const version = z
  .string()
  .regex(new RegExp(`^${number}\\.${number}\\.${number}(-${identifier}(\\.${identifier}){0,8})?$`));

export const release = z.strictObject({
  schema: z.literal(1),
  /** The stack it was made from. */
  stack: name,
  environment: name,
  version,
  /** Commit the release was built from. */
  buildSha: z.string().regex(/^[0-9a-f]{40}$/),
  /** RFC 3339, from the commit: two makings of one release are the same bytes. */
  createdAt: z.iso.datetime(),
  /** Version of the platform that made it. */
  platform: version,
  kubernetes: z.strictObject({
    /** Oldest minor version it installs on, such as 1.30. */
    minimum: z.string().regex(/^1\.\d{1,3}$/),
  }),
  workloads: z.array(z.strictObject({ name, namespace: name, title: z.string().max(200) })).max(100),
  /** Namespace of what the workloads share, and of the installer's own records. */
  platformNamespace: name,
  images: z
    .array(
      z.strictObject({
        repository,
        digest,
        /** All its blobs, in bytes. */
        size: z.int().min(0),
      }),
    )
    .max(1_000),
  /** The bundle that a delta builds on. */
  base: z.strictObject({ index: digest, version }).optional(),
});
export type Release = z.output<typeof release>;

/** Titles of the release's files that the installer itself reads. */
export const files = {
  stack: "stack.json",
  workloads: "workloads.json",
  manifests: "manifests.yaml",
  secrets: "secrets.json",
  valuesSchema: "values.schema.json",
  valuesExample: "values.example.yaml",
  configManifest: "config-manifest.yaml",
  configManifestSignature: "config-manifest.yaml.sigstore.json",
  /** Who approved the configuration, where that is another key than the bundle's. */
  configManifestKey: "config-manifest.yaml.pub",
  sbomPage: "sbom/index.html",
  installerSums: "installer/SHA256SUMS",
} as const;

/** The configuration, whose checksums are signed one by one (RT-13). */
export const configurationFiles = [
  files.stack,
  files.workloads,
  files.manifests,
  files.secrets,
  files.valuesSchema,
  files.valuesExample,
] as const;
export type ConfigurationFile = (typeof configurationFiles)[number];
