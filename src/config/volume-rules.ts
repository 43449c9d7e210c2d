// Config: rules of what a workload keeps in files: its volumes, the shipper of its log files, the memory it cannot do without.
import { logFiles } from "../workload/log-files";
import { allowedNames, listNames } from "./faults";
import { valueAt } from "./paths";
import type { Finding, Rule } from "./rule";
import { enabled } from "./workload-rules";

export const volumeRules: readonly Rule[] = [
  {
    id: "log-shipper-image",
    mode: "saas",
    control: "IS-6",
    check: facts => {
      const asking = enabled(facts).filter(({ specification }) => logFiles(specification).length > 0);
      const at = ["platformImages", "log-shipper"];
      if (asking.length === 0 || valueAt(facts.values, at) !== undefined) return [];
      const found = `nothing, although logs of ${listNames(asking.map(({ name }) => name))} are files`;
      return [{ at, found, allowed: "the digest of AWS for Fluent Bit, version 3 or later" }];
    },
  },
  {
    id: "known-volume",
    mode: "saas",
    control: "IS-9",
    check: facts =>
      enabled(facts).flatMap(({ name, path, specification, overrides }) => {
        const volumes = Object.keys(specification.state.volumes);
        return Object.keys(overrides.volumeLoaders ?? {})
          .filter(volume => !volumes.includes(volume))
          .map(volume => ({
            at: [...path, "volumeLoaders", volume],
            found: "no such volume",
            allowed: volumes.length > 0 ? allowedNames(volumes, volume) : `nothing: \`${name}\` has no volume`,
          }));
      }),
  },
  {
    id: "memory-floor",
    control: "IS-8",
    check: facts =>
      enabled(facts).flatMap(({ path, specification, overrides }) =>
        Object.entries(overrides.services ?? {}).flatMap(([service, override]): Finding[] => {
          const floor = Object.hasOwn(specification.services, service)
            ? specification.services[service]?.resources.floor?.memoryMiB
            : undefined;
          const memoryMiB = override?.memoryMiB;
          if (floor === undefined || memoryMiB === undefined || memoryMiB >= floor) return [];
          const at = [...path, "services", service, "memoryMiB"];
          return [{ at, found: `${memoryMiB} MiB`, allowed: `at least ${floor} MiB, which the service needs` }];
        }),
      ),
  },
];
