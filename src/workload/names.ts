// Workload model: the small vocabularies every other part of the model shares.
import { z } from "zod";

/** DNS label (RFC 1123), at most 24 characters: two of them and a suffix fit an IAM role name. */
export const dnsLabel = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$/, "a lower-case DNS label of at most 24 characters, such as `ai-core`");

/** Name of an environment variable, as POSIX and every container runtime accept it. */
export const envName = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, "an upper-case variable name, such as `SECRET_KEY`");

/** Content digest of an OCI manifest. Tags are never accepted (RT-1). */
export const imageDigest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "an image digest: `sha256:` and 64 hexadecimal digits");

/** TCP port a process without privileges may bind. */
export const unprivilegedPort = z.int().min(1024).max(65535);

/** Host name a workload may call; no wildcard, no scheme. */
export const hostName = z
  .string()
  .regex(
    /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    "a fully qualified host name, such as `api.telegram.org`",
  );

/** Absolute path in a container, without `..`. */
export const containerPath = z
  .string()
  .regex(/^\/(?!.*(^|\/)\.\.(\/|$))[\w./-]*$/, "an absolute path without `..`, such as `/app/forensic_logs`");

/** Which key encrypts it, and who may use that key (SA-7): one key per class and environment. */
export const dataClass = z.enum(["customer", "secrets", "logs", "artifacts", "backups"]);
export type DataClass = z.infer<typeof dataClass>;
