// Config: what a stack in SaaS mode says about its cluster of EKS: who may act in it, from where, and how large it is.
import { z } from "zod";
import { cidr, cidrAllowed, field, roleArn } from "./fields";
import { platformImage } from "./shared-schema";

/** A test holds them to the table from which the number of nodes is reckoned. */
export const nodeTypes = [
  "m5.large",
  "m5.xlarge",
  "m5.2xlarge",
  "m5.4xlarge",
  "m6i.large",
  "m6i.xlarge",
  "m6i.2xlarge",
  "m6i.4xlarge",
  "c6i.xlarge",
  "c6i.2xlarge",
  "c6i.4xlarge",
  "r6i.large",
  "r6i.xlarge",
  "r6i.2xlarge",
  "r6i.4xlarge",
] as const;

const role = (is: string) =>
  field(roleArn, {
    is,
    controls: ["SA-13"],
    allowed: "the ARN of an IAM role, such as arn:aws:iam::123456789012:role/release",
  });

const nodes = (is: string) => field(z.int().min(1).max(100), { is, unit: "nodes", controls: ["SA-12"] }).optional();

export const eks = z.strictObject({
  releaseRoleArn: role("Role that deploys: it applies the workloads' objects. It may do so in this cluster alone."),
  adminRoleArn: role("Role that people take when the release cannot help. Without it, nobody can.").optional(),
  nodeType: field(z.enum(nodeTypes), {
    is: "Type of the nodes. Each pod has a security group of its own, which burstable types cannot give it.",
    controls: ["SA-9", "SA-12"],
  }).default("m6i.xlarge"),
  minNodes: nodes("Least number of nodes, if more than the pods of all workloads at their most replicas need."),
  maxNodes: nodes("Most nodes, old and new together, while they are replaced. Default two more than there are."),
  serviceRange: field(cidr, {
    is: "Range of the addresses that services have inside the cluster, apart from the VPC's and its peers'.",
    controls: ["SA-2"],
    allowed: cidrAllowed,
  }).default("172.20.0.0/16"),
  publicAccessCidrs: field(
    z.array(field(cidr, { is: "One range.", controls: ["SA-9"], allowed: cidrAllowed })).min(1),
    {
      is: "Ranges of the internet from which the API server answers. Dev only; without it, it has no public address.",
      controls: ["SA-9"],
      allowed: "a list of IPv4 ranges, none of them the whole internet",
    },
  ).optional(),
});

/** Path of a kubeconfig; the file itself is read by the engine's provider alone. */
export const standInKubeconfig = field(z.string().min(1), {
  is: "Path of the kubeconfig of a cluster that stands in for the control plane of EKS, which a local AWS has not. Without it, objects are made and not applied.",
  controls: ["RT-3"],
  allowed: "a path",
}).optional();

/** Images of helpers that only pods have. */
export const eksImages = {
  collector: platformImage("OpenTelemetry's collector, beside pods of EKS; from `palisade/collector`."),
  "workload-guard": platformImage("Guard, which stops and throttles pods of EKS; from `palisade/workload-guard`."),
};
