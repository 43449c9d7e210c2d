// AWS components: what AWS adds to the pods of one service in EKS, as any other concern of its workload: variables, ways, directories. Pure (SA-9, IS-3, RT-27).
import type * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import type { PodParts, Way } from "../kubernetes/pod-parts";

/** A directory of a file system, as one service mounts it. */
export interface PodDirectory {
  /** Name of the claim. */
  claim: string;
  path: string;
  readOnly: boolean;
}

export interface EksPodPartsArgs {
  service: Service;
  /** What the variables that name a store of AWS resolve to, and what else AWS's parts add. */
  environment: Record<string, pulumi.Input<string>>;
  /** Ranges of the subnets: where the edge, the pods and endpoints, and the databases are. */
  ranges: { public: string[]; private: string[]; data: string[] };
  /** Whether a database has it among its clients. */
  databases: boolean;
  /** Whether it calls S3, which has a gateway and no address in the VPC. */
  buckets: boolean;
  /** What it mounts. */
  directories: PodDirectory[];
}

/** Where the agent of Pod Identity answers on each node; nothing routes there. */
const identityAgent = "169.254.170.23/32";

export function eksPodParts(args: EksPodPartsArgs): PodParts {
  const { service, environment, ranges, databases, buckets, directories } = args;
  const to = (name: string, cidrs: string[], port: number): Way[] =>
    cidrs.map(cidr => ({ name, peer: { ipBlock: { cidr } }, port }));
  const open = service.network.exposure === "public";
  const [traffic] = service.ports;
  return {
    environment,
    egress: [
      ...to("pod-identity", [identityAgent], 80),
      ...to("aws-endpoints", ranges.private, 443),
      // Which of all addresses are S3's, the security group of the pods knows by prefix list, and lets out to no other.
      ...(buckets
        ? [{ name: "s3", peer: { ipBlock: { cidr: "0.0.0.0/0", except: [...privateRanges] } }, port: 443 }]
        : []),
      ...(databases ? to("databases", ranges.data, 5432) : []),
    ],
    // The load balancer's own addresses: nodes pass on what it sends as it came.
    ingress: open && traffic ? to("edge", ranges.public, traffic.number) : [],
    volumes: directories.map(({ claim }) => ({ name: claim, persistentVolumeClaim: { claimName: claim } })),
    mounts: directories.map(({ claim, path, readOnly }) => ({ name: claim, mountPath: path, readOnly })),
  };
}

const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] as const;
