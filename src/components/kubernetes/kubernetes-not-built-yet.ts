// Kubernetes components: what the workload model can say and Kubernetes does not make. Refused by name, never left out silently.
import type { Workload } from "../../workload/workload";
import { type Unbuilt, writeUnbuilt } from "../aws/unbuilt";
import type { ClusterHome } from "./cluster-home";
import { ingressClasses } from "./ingress-classes";
import { logsInMemory } from "./volumes";

/** Names of what the platform itself puts into a workload's namespace. */
const taken = [
  "postgres",
  "vectors",
  "object-store",
  "queue",
  "collector",
  "log-shipper",
  "workload-guard",
  "approval-gate",
  "default-deny",
];

/**
 * Every part of every specification that would be left out, in one message without its first words and without the command to
 * type; undefined if all is made.
 */
export function unbuiltText(homes: readonly Pick<ClusterHome, "workload" | "ingress">[]): string | undefined {
  const missing = homes.flatMap(home =>
    unbuiltInCluster(home).map(part => ({ ...part, path: `${home.workload.name}.${part.path}` })),
  );
  if (missing.length === 0) return undefined;
  const count = missing.length === 1 ? "1 part" : `${missing.length} parts`;
  return [`Kubernetes does not make ${count} of what the workloads ask for.`, ...missing.map(writeUnbuilt)].join("\n");
}

/** What would be left out of one workload. */
export function unbuiltInCluster(home: Pick<ClusterHome, "workload" | "ingress">): Unbuilt[] {
  const { workload } = home;
  return [
    ...takenNames(workload),
    ...unbuiltVolumes(workload),
    ...logsInMemory(workload).map(({ service, index, tmpfs }) => ({
      path: `services.${service}.logs.${index}.file`,
      found: `a path on the tmpfs \`${tmpfs}\``,
      allowed: "a path on a volume",
    })),
    ...(workload.frontend?.hosting === "static"
      ? [{ path: "frontend.hosting", found: "`static`", allowed: "`external`: a cluster has no bucket behind a CDN" }]
      : []),
    ...unbuiltAtIngress(home),
  ];
}

function takenNames({ services }: Workload): Unbuilt[] {
  return Object.keys(services)
    .filter(name => taken.includes(name))
    .map(name => ({ path: `services.${name}`, found: "the name of a part of the platform", allowed: "another name" }));
}

function unbuiltVolumes({ state, services }: Workload): Unbuilt[] {
  const mounting = (volume: Workload["state"]["volumes"][string]) => new Set(volume.mounts.map(m => m.service));
  const perReplica = Object.entries(state.volumes)
    .filter(([, volume]) => volume.sharing === "replica" && mounting(volume).size > 1)
    .map(([name]) => ({
      path: `state.volumes.${name}.mounts`,
      found: "several services with a volume for each replica",
      allowed: "one service, or `sharing` `replicas`",
    }));
  // A pod gives all of its volumes to one group.
  const owners = Object.keys(services).flatMap(service => {
    const own = Object.values(state.volumes).filter(volume => mounting(volume).has(service));
    const users = [...new Set(own.map(({ ownerUser }) => ownerUser))];
    return users.length < 2
      ? []
      : [
          {
            path: `services.${service}`,
            found: `volumes that belong to users ${users.join(" and ")}`,
            allowed: "volumes of one `ownerUser`",
          },
        ];
  });
  return [...perReplica, ...owners];
}

/** What the class of the cluster's Ingresses cannot hold; without a class there is no way in to hold it at. */
function unbuiltAtIngress({ workload, ingress }: Pick<ClusterHome, "workload" | "ingress">): Unbuilt[] {
  if (!ingress) return [];
  const { className } = ingress;
  return Object.entries(workload.services).flatMap(([name, { network }]): Unbuilt[] => {
    if (network.exposure !== "public") return [];
    const at = (field: string) => `services.${name}.network.${field}`;
    const kind = ingressClasses[className];
    if (!kind)
      return [
        {
          path: at("exposure"),
          found: `\`public\`, behind Ingress class \`${className}\``,
          allowed: `classes ${Object.keys(ingressClasses).join(", ")}, or none`,
        },
      ];
    const behind = `, which Ingress class \`${className}\` cannot hold for one host`;
    const instead = (holds: (kind: (typeof ingressClasses)[string]) => boolean) =>
      `classes ${Object.keys(ingressClasses)
        .filter(other => ingressClasses[other] && holds(ingressClasses[other]))
        .join(", ")}`;
    return [
      ...(kind.minimumTls.includes(network.minimumTls)
        ? []
        : [
            {
              path: at("minimumTls"),
              found: `\`${network.minimumTls}\`${behind}`,
              allowed: instead(({ minimumTls }) => minimumTls.includes(network.minimumTls)),
            },
          ]),
      ...(kind.bodyLimit
        ? []
        : [
            {
              path: at("largeBodies"),
              found: `\`${network.largeBodies}\`, a limit of bodies${behind}`,
              allowed: instead(({ bodyLimit }) => bodyLimit),
            },
          ]),
      ...(workload.tenancy && !kind.tenantQuota
        ? [
            {
              path: "tenancy.requestsPerMinute",
              found: `a quota by header${behind}`,
              allowed: instead(({ tenantQuota }) => tenantQuota),
            },
          ]
        : []),
    ];
  });
}
