// Config: rules of the cluster of EKS: there is one where pods run, it is closed to the internet, and its addresses are its own.
import { contains, formatCidr, isPrivate, overlaps, parseCidr } from "./cidr";
import { select } from "./paths";
import type { Facts, Finding, Rule } from "./rule";

const at = ["eks"];

/** Ranges that are taken: the VPC's and those of its peers. */
function taken({ sound }: Facts) {
  const texts = [sound.network?.cidr, ...(sound.network?.peers ?? []).map(peer => peer?.cidr)];
  return texts.flatMap(text => (text === undefined ? [] : (parseCidr(text) ?? [])));
}

export const eksRules: readonly Rule[] = [
  {
    id: "eks-section",
    mode: "saas",
    control: "PF-1",
    check: ({ sound, values }): Finding[] => {
      if (sound.compute === "eks" && values.eks === undefined)
        return [{ at, found: "nothing", allowed: "a mapping with `releaseRoleArn`, as `compute` is `eks`" }];
      if ((sound.compute ?? "fargate") === "fargate" && values.eks !== undefined)
        return [{ at, found: "a cluster, although `compute` is `fargate`", allowed: "nothing, or `compute: eks`" }];
      return [];
    },
  },
  {
    id: "eks-public",
    mode: "saas",
    control: "SA-9",
    environments: ["staging", "prod"],
    check: ({ sound }): Finding[] =>
      sound.eks?.publicAccessCidrs === undefined
        ? []
        : [
            {
              at: [...at, "publicAccessCidrs"],
              found: "a public address of the API server",
              allowed: "nothing: outside dev it is reached from the VPC and its peers alone",
            },
          ],
  },
  {
    id: "eks-whole-internet",
    mode: "saas",
    control: "SA-9",
    check: ({ sound }) =>
      select(sound, "eks.publicAccessCidrs.*").flatMap(([path, text]): Finding[] => {
        const range = parseCidr(String(text));
        if (!range || range.prefix >= 8) return [];
        return [
          { at: path, found: `${text}`, allowed: "a range of /8 or smaller: that of an office, not the internet" },
        ];
      }),
  },
  {
    id: "eks-service-range",
    mode: "saas",
    control: "SA-2",
    check: (facts): Finding[] => {
      const { compute, eks } = facts.sound;
      const range = parseCidr(eks?.serviceRange ?? defaultServiceRange);
      if (compute !== "eks" || !range) return [];
      const found = formatCidr(range);
      const place = [...at, "serviceRange"];
      if (!isPrivate(range) || range.prefix < 12 || range.prefix > 24)
        return [{ at: place, found, allowed: "a private range (RFC 1918) of /12 to /24, as EKS takes it" }];
      const other = taken(facts).find(one => overlaps(one, range) || contains(one, range));
      if (!other) return [];
      return [{ at: place, found: `${found}, which overlaps ${formatCidr(other)}`, allowed: "a range of its own" }];
    },
  },
  {
    id: "eks-node-numbers",
    mode: "saas",
    control: "SA-12",
    check: ({ sound: { eks } }): Finding[] =>
      eks?.minNodes !== undefined && eks.maxNodes !== undefined && eks.maxNodes < eks.minNodes
        ? [{ at: [...at, "maxNodes"], found: `${eks.maxNodes}`, allowed: `at least \`minNodes\`, ${eks.minNodes}` }]
        : [],
  },
  {
    id: "stand-in-cluster",
    mode: "saas",
    control: "RT-3",
    check: ({ sound: { localAws, compute } }): Finding[] =>
      localAws?.kubeconfig !== undefined && compute !== "eks"
        ? [
            {
              at: ["localAws", "kubeconfig"],
              found: "a cluster, although `compute` is not `eks`",
              allowed: "nothing, or `compute: eks`",
            },
          ]
        : [],
  },
];

const defaultServiceRange = "172.20.0.0/16";
