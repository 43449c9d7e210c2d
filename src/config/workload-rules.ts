// Config: rules of the overrides, held against the specifications in the catalogue.
import { leavesHome } from "../workload/egress-range";
import { platformVariables } from "../workload/platform-variables";
import type { Workload } from "../workload/workload";
import { externalStoreSecrets } from "./external-stores";
import { allowedNames, listNames } from "./faults";
import { isTree, type Path, valueAt } from "./paths";
import type { Facts, Finding, Rule, Salvaged } from "./rule";
import type { StackConfigInput } from "./schema";

type Overrides = NonNullable<Salvaged<StackConfigInput["workloads"][string]>>;

interface Enabled {
  readonly name: string;
  readonly path: Path;
  readonly specification: Workload;
  readonly overrides: Overrides;
}

/** Workloads of the stack that the catalogue knows. */
export function enabled({ sound, catalog }: Facts): Enabled[] {
  return Object.entries(sound.workloads ?? {}).flatMap(([name, overrides]) => {
    const specification = catalog.get(name);
    return specification && overrides ? [{ name, path: ["workloads", name], specification, overrides }] : [];
  });
}

/** Services of enabled workloads that are overridden and specified. */
function overridden(facts: Facts) {
  return enabled(facts).flatMap(workload =>
    Object.entries(workload.overrides.services ?? {}).flatMap(([name, override]) => {
      const specification = Object.hasOwn(workload.specification.services, name)
        ? workload.specification.services[name]
        : undefined;
      return specification && override
        ? [{ workload, name, path: [...workload.path, "services", name], specification, override }]
        : [];
    }),
  );
}

function unknown(at: Path, typed: string, names: readonly string[], what: string): Finding[] {
  return names.includes(typed) ? [] : [{ at, found: `no such ${what}`, allowed: allowedNames(names, typed) }];
}

/** Whether a service answers browsers of an origin it is told, whoever makes the pages (IS-5). */
function asksForOrigin({ services }: Workload): boolean {
  return Object.values(services).some(({ environment }) =>
    Object.values(environment).some(
      value => typeof value === "object" && "from" in value && value.from === "frontend-origin",
    ),
  );
}

export const workloadRules: readonly Rule[] = [
  {
    id: "known-workload",
    control: "PF-1",
    check: ({ sound, catalog }) =>
      Object.keys(sound.workloads ?? {}).flatMap(name =>
        unknown(["workloads", name], name, [...catalog.keys()], "workload in the catalogue"),
      ),
  },
  {
    id: "some-workload",
    control: "PF-1",
    check: ({ values, catalog }) =>
      isTree(values.workloads) && Object.keys(values.workloads).length === 0
        ? [{ at: ["workloads"], found: "none", allowed: `at least one of ${listNames(catalog.keys())}` }]
        : [],
  },
  {
    id: "known-service",
    control: "PF-1",
    check: facts =>
      enabled(facts).flatMap(({ path, specification, overrides }) =>
        (["images", "builds", "services"] as const).flatMap(section =>
          Object.keys(overrides[section] ?? {}).flatMap(name =>
            unknown([...path, section, name], name, Object.keys(specification.services), "service"),
          ),
        ),
      ),
  },
  {
    id: "image-per-service",
    control: "RT-1",
    check: facts =>
      enabled(facts).flatMap(({ path, specification }) => {
        // Judged on what was written: a digest that is there but faulty has a fault of its own.
        const images = valueAt(facts.values, [...path, "images"]);
        if (!isTree(images)) return [];
        const builds = valueAt(facts.values, [...path, "builds"]);
        return Object.keys(specification.services)
          .filter(service => !Object.hasOwn(images, service) && !(isTree(builds) && Object.hasOwn(builds, service)))
          .map(service => ({
            at: [...path, "images", service],
            found: "nothing",
            allowed: "the digest of the service's image: `sha256:` and 64 hexadecimal digits",
          }));
      }),
  },
  {
    id: "image-or-build",
    mode: "saas",
    control: "RT-1",
    check: facts =>
      enabled(facts).flatMap(({ path, overrides }) =>
        Object.keys(overrides.builds ?? {})
          .filter(service => Object.hasOwn(overrides.images ?? {}, service))
          .map(service => ({
            at: [...path, "builds", service],
            found: "a build, although `images` has a digest",
            allowed: "one of the two",
          })),
      ),
  },
  {
    id: "build-in-dev",
    mode: "saas",
    control: "RT-1",
    environments: ["staging", "prod"],
    check: facts =>
      enabled(facts).flatMap(({ path, overrides }) =>
        Object.keys(overrides.builds ?? {}).map(service => ({
          at: [...path, "builds", service],
          found: "a build on the spot",
          allowed: "nothing outside dev: the image that was tested is the one that runs, by its digest under `images`",
        })),
      ),
  },
  {
    id: "known-store",
    control: "SA-4",
    check: facts =>
      enabled(facts).flatMap(({ name, path, specification, overrides }) =>
        (["postgres", "vectors"] as const)
          .filter(store => overrides[store] && !specification.state[store])
          .map(store => ({
            at: [...path, store],
            found: "settings of a database",
            allowed: `nothing: \`${name}\` has no such database`,
          })),
      ),
  },
  {
    id: "replica-range",
    control: "SA-12",
    check: facts =>
      overridden(facts).flatMap(({ path, specification, override }): Finding[] => {
        const min = override.minReplicas ?? specification.scaling.minReplicas;
        const max = override.maxReplicas ?? specification.scaling.maxReplicas;
        if (min <= max) return [];
        return override.minReplicas === undefined
          ? [{ at: [...path, "maxReplicas"], found: `${max}`, allowed: `at least \`minReplicas\`, ${min}` }]
          : [{ at: [...path, "minReplicas"], found: `${min}`, allowed: `at most \`maxReplicas\`, ${max}` }];
      }),
  },
  {
    id: "single-replica",
    control: "SA-12",
    environments: ["prod"],
    check: facts =>
      overridden(facts).flatMap(({ path, specification, override }): Finding[] => {
        // A specification that asks for one replica, such as a control machine, has its reasons; a stack has none.
        const least = Math.min(2, specification.scaling.minReplicas);
        return override.minReplicas !== undefined && override.minReplicas < least
          ? [{ at: [...path, "minReplicas"], found: `${override.minReplicas}`, allowed: `at least ${least} in prod` }]
          : [];
      }),
  },
  {
    id: "fixed-variable",
    control: "SA-9",
    check: facts =>
      overridden(facts).flatMap(({ workload, path, specification, override }) =>
        Object.keys(override.environment ?? {}).flatMap((name): Finding[] => {
          const at = [...path, "environment", name];
          if (Object.hasOwn(workload.specification.secrets, name))
            return [{ at, found: "the name of a secret", allowed: "a name that no secret of the workload has" }];
          const own = platformVariables(specification).includes(name);
          return own || typeof specification.environment[name] === "object"
            ? [{ at, found: "a variable that the platform sets", allowed: "nothing: its value follows from the stack" }]
            : [];
        }),
      ),
  },
  {
    id: "verified-tls",
    control: "SA-6",
    check: facts =>
      overridden(facts).flatMap(({ path, override }) =>
        Object.entries(override.environment ?? {})
          .filter(([name, value]) => name.endsWith("SSLMODE") && value !== "verify-full")
          .map(([name]) => ({
            at: [...path, "environment", name],
            found: "a weaker mode",
            allowed: "`verify-full`: the server's certificate is always verified",
          })),
      ),
  },
  {
    id: "frontend-target",
    mode: "saas",
    control: "SA-11",
    check: facts =>
      enabled(facts).flatMap(({ path, specification, overrides }): Finding[] =>
        overrides.frontendTarget !== undefined && specification.frontend?.hosting !== "external"
          ? [
              {
                at: [...path, "frontendTarget"],
                found: "a target",
                allowed: "nothing: no external publisher has the frontend",
              },
            ]
          : [],
      ),
  },
  {
    id: "frontend-in-zone",
    mode: "saas",
    control: "SA-11",
    check: facts =>
      enabled(facts).flatMap(({ path, specification, overrides }): Finding[] => {
        const { domain, hostedZoneId, certificateArn } = facts.sound.edge ?? {};
        const published = specification.frontend?.hosting === "static" || overrides.frontendTarget !== undefined;
        if (!published || overrides.frontendOrigin === undefined || domain === undefined) return [];
        const at = [...path, "frontendOrigin"];
        if (certificateArn !== undefined && hostedZoneId === undefined)
          return [
            {
              at,
              found: "a name the platform has no zone for",
              allowed: "`edge.hostedZoneId`, so that its record can be written",
            },
          ];
        const host = /^https:\/\/([a-z0-9.-]+)$/.exec(overrides.frontendOrigin)?.[1];
        return host === domain || host?.endsWith(`.${domain}`)
          ? []
          : [
              {
                at,
                found: overrides.frontendOrigin,
                allowed: `an https origin of ${domain} or below it: the platform writes its record`,
              },
            ];
      }),
  },
  {
    id: "frontend-origin",
    control: "SA-11",
    check: facts =>
      enabled(facts).flatMap(({ name, path, specification }): Finding[] => {
        const at = [...path, "frontendOrigin"];
        const present = valueAt(facts.values, at) !== undefined;
        const wanted = specification.frontend !== undefined || asksForOrigin(specification);
        if (wanted && !present)
          return [{ at, found: "nothing", allowed: "the origin of the frontend, such as https://www.example.com" }];
        return !wanted && present ? [{ at, found: "an origin", allowed: `nothing: \`${name}\` has no frontend` }] : [];
      }),
  },
  {
    id: "way-out",
    mode: "saas",
    control: "SP-13",
    check: facts => {
      if (facts.sound.network?.egress !== "endpoints") return [];
      const callers = enabled(facts).flatMap(({ name, specification }) =>
        Object.entries(specification.services)
          .filter(([, service]) => leavesHome(service))
          .map(([service]) => `${name}/${service}`),
      );
      if (callers.length === 0) return [];
      return [
        {
          at: ["network", "egress"],
          found: `"endpoints", although ${listNames(callers)} may call hosts outside`,
          allowed: "`nat-per-zone` or `single-nat`",
        },
      ];
    },
  },
  {
    id: "known-secret",
    control: "SA-8",
    check: facts =>
      Object.entries(facts.sound.secrets ?? {}).flatMap(([name, secrets]): Finding[] => {
        const path = ["secrets", name];
        const chosen = isTree(facts.values.workloads) ? Object.keys(facts.values.workloads) : [];
        const specification = facts.catalog.get(name);
        if (!specification || !chosen.includes(name)) return unknown(path, name, chosen, "workload in this stack");
        const supplied = [
          ...Object.keys(specification.secrets).filter(key => specification.secrets[key]?.source === "supplied"),
          ...externalStoreSecrets(facts.onprem, specification),
        ];
        return Object.keys(secrets ?? {}).flatMap((secret): Finding[] => {
          const at = [...path, secret];
          if (supplied.includes(secret) || !Object.hasOwn(specification.secrets, secret))
            return unknown(at, secret, supplied, "supplied secret");
          return [{ at, found: "a value", allowed: "nothing: the platform generates this secret" }];
        });
      }),
  },
];
