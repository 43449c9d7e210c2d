// Config: fields that a stack has in every mode. Each says what it is, its unit and its controls.
import { z } from "zod";
import { imageDigest } from "../workload/names";
import { commit, domain, field, instant, releaseId } from "./fields";
import { secretsOfWorkload, workloadName } from "./workload-schema";

export const modes = ["saas", "onprem"] as const;
export type Mode = (typeof modes)[number];

export const environments = ["dev", "staging", "prod"] as const;
export type Environment = (typeof environments)[number];

/** Each mode's schema takes its own name only; what a fault allows is both. */
export const modeText = {
  is: "Home of the stack: AWS, or a customer's Kubernetes. It decides which other keys there are.",
  controls: ["PF-1"],
  allowed: `one of ${modes.map(mode => `\`${mode}\``).join(", ")}`,
};

export const environment = field(z.enum(environments), {
  is: "What the stack is for; prod refuses every dev setting.",
  controls: ["RT-3"],
});

export const edgeDomain = field(domain, {
  is: "Domain below which each public workload has its host name: `<workload>.<domain>`.",
  controls: ["SA-6", "SA-11"],
  allowed: "a domain, such as example.com",
});

export const release = field(
  z.strictObject({
    buildSha: field(commit, {
      is: "Git commit the images were built from; a mandatory field of every log line.",
      controls: ["RT-23", "RT-9"],
      allowed: "a git commit: 40 hexadecimal digits, in quotes",
    }),
    manifestId: field(releaseId, {
      is: "Config manifest the release was made from; dashboards show it.",
      controls: ["RT-13", "RT-24"],
      allowed: "an id of at most 64 letters, digits, dots, hyphens and underscores, in quotes",
    }).optional(),
    deployedAt: field(instant, {
      is: "When the release was deployed; dashboards draw a line there. Without it, none.",
      controls: ["RT-24"],
      allowed: "a time in UTC, such as 2030-01-01T00:00:00Z, in quotes",
    }).optional(),
  }),
  { is: "What is deployed; written by the release.", controls: ["RT-1"] },
);

export const samplePercent = field(z.int().min(0).max(100), {
  is: "Share of traces kept besides those a specification keeps always; at least 25 in staging.",
  unit: "percent",
  controls: ["RT-25"],
}).default(25);

export const platformImage = (is: string) =>
  field(imageDigest, {
    is,
    controls: ["RT-1", "RT-10"],
    allowed: "an image digest: `sha256:` and 64 hexadecimal digits, never a tag",
  }).optional();

/** Supplied secrets, by workload and name. */
export const secrets = field(z.record(workloadName, secretsOfWorkload), {
  is: "Values of the secrets that a specification names as `supplied`, all encrypted.",
  controls: ["SA-8"],
  allowed: "a mapping from workload to its secrets, each encrypted",
}).default({});
