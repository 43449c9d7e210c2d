// Config: what a stack says about its traces, and about the watch over its account.
import { z } from "zod";
import { field } from "./fields";
import { samplePercent } from "./shared-schema";

export const tracing = field(
  z.strictObject({
    samplePercent,
    exporter: field(z.enum(["xray", "console"]), {
      is: "Where traces go: AWS X-Ray, or the output of the collector itself, which is the log of the task. `console` in dev only.",
      controls: ["RT-25", "RT-3"],
    }).default("xray"),
  }),
  { is: "Traces of the services whose specification asks for them.", controls: ["RT-25"] },
);

const part = (is: string) =>
  field(z.boolean(), {
    is: `${is} False where the organisation, or another stack of the account, has it already; said explicitly in prod.`,
    controls: ["PF-2"],
  }).default(false);

export const accountBaselineParts = ["cloudTrail", "config", "guardDuty", "securityHub"] as const;

export const accountBaseline = field(
  z.strictObject({
    cloudTrail: part("CloudTrail: every call of the AWS API in all regions, validated, in a locked bucket."),
    config: part(
      "AWS Config: the configuration of every resource, and its changes. One recorder per account and region.",
    ),
    guardDuty: part("GuardDuty: threats. One detector per account and region."),
    securityHub: part("Security Hub with AWS's foundational standard; most of its controls need `config`."),
  }),
  {
    is: "What watches the whole account. High findings of GuardDuty and Security Hub go where alarms go.",
    controls: ["PF-2"],
  },
);
