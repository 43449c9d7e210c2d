// Config: rules of a stack on a customer's cluster: images of helpers, the log collector's key, external databases, approvers.
import { storeKinds } from "../workload/hops";
import type { Workload } from "../workload/workload";
import { overlaps, parseCidr } from "./cidr";
import { listNames } from "./faults";
import type { onpremImages } from "./onprem-schema";
import { isTree, valueAt } from "./paths";
import type { Facts, Finding, Rule } from "./rule";

type ImageName = keyof typeof onpremImages;
type Overrides = NonNullable<NonNullable<Facts["onprem"]["workloads"]>[string]>;

interface Chosen {
  readonly name: string;
  readonly specification: Workload;
  readonly overrides: Overrides;
}

function chosen({ onprem, catalog }: Facts): Chosen[] {
  return Object.entries(onprem.workloads ?? {}).flatMap(([name, overrides]) => {
    const specification = catalog.get(name);
    return specification && overrides ? [{ name, specification, overrides }] : [];
  });
}

/** Which workloads need which helper. One that no line names is needed by all. */
const needs: Record<ImageName, (workload: Chosen) => boolean> = {
  collector: () => true,
  "workload-guard": () => true,
  "egress-proxy": ({ specification }) =>
    Object.values(specification.services).some(({ network }) => network.egress.length > 0),
  "approval-gate": ({ specification }) => specification.approvals.length > 0,
  postgres: ({ specification, overrides }) =>
    storeKinds.some(store => specification.state[store] && !overrides[store]?.external),
  "object-store": ({ specification }) => Object.keys(specification.state.buckets).length > 0,
  queue: ({ specification }) => Object.keys(specification.state.queues).length > 0,
  "tls-front": ({ specification }) =>
    Object.values(specification.services).some(({ ports }) => ports.some(({ protocol }) => protocol === "http")),
};

const bundledSettings = ["storageGiB", "cpuMillicores", "memoryMiB"] as const;

export const onpremRules: readonly Rule[] = [
  {
    id: "helper-image",
    mode: "onprem",
    control: "RT-1",
    check: facts =>
      (Object.keys(needs) as ImageName[]).flatMap((name): Finding[] => {
        const at = ["platformImages", name];
        const asking = chosen(facts).filter(needs[name]);
        // A digest that is there but faulty has a fault of its own.
        if (asking.length === 0 || valueAt(facts.values, at) !== undefined) return [];
        const found = `nothing, although ${listNames(asking.map(workload => workload.name))} needs it`;
        return [{ at, found, allowed: "the digest of the image: `sha256:` and 64 hexadecimal digits" }];
      }),
  },
  {
    id: "egress-outside-cluster",
    mode: "onprem",
    control: "RT-27",
    check: ({ onprem }) => {
      const ranges = onprem.cluster?.ranges;
      const own = [ranges?.pods, ranges?.services, ranges?.nodes].flatMap(list => list ?? []);
      return (ranges?.privateEgress ?? []).flatMap((text, i): Finding[] => {
        const range = parseCidr(text ?? "");
        const other = own.find(each => range && overlaps(range, parseCidr(each ?? "") ?? range));
        const at = ["cluster", "ranges", "privateEgress", i];
        return range && other
          ? [{ at, found: `${text}, which overlaps ${other} of the cluster`, allowed: "a range outside the cluster" }]
          : [];
      });
    },
  },
  {
    id: "trace-ranges",
    mode: "onprem",
    control: "SA-9",
    check: ({ onprem: { tracing } }): Finding[] =>
      tracing?.endpoint === undefined || tracing.ranges
        ? []
        : [
            {
              at: ["tracing", "ranges"],
              found: "nothing",
              allowed: "the ranges that `endpoint` lies in: a policy knows no names",
            },
          ],
  },
  {
    id: "siem-key",
    mode: "onprem",
    control: "RT-23",
    check: ({ onprem, values }) => {
      const at = ["siem", "accessKey"];
      const url = onprem.siem?.url;
      const written = valueAt(values, at) !== undefined;
      // A bundle carries no secret: whoever installs it is asked for the key.
      if (url?.startsWith("https:") && !written && onprem.delivery !== "bundle")
        return [{ at, found: "nothing", allowed: "the key that the HTTPS collector asks for, encrypted" }];
      return url?.startsWith("syslog") && written
        ? [{ at, found: "a key", allowed: "nothing: syslog has no key; the collector is known by its certificate" }]
        : [];
    },
  },
  {
    id: "bundled-settings",
    mode: "onprem",
    control: "SA-4",
    check: facts =>
      chosen(facts).flatMap(({ name, overrides }) =>
        storeKinds.flatMap(store =>
          bundledSettings
            .filter(setting => overrides[store]?.external && overrides[store]?.[setting] !== undefined)
            .map(setting => ({
              at: ["workloads", name, store, setting],
              found: "a setting of a database that is not bundled",
              allowed: "nothing beside `external`",
            })),
        ),
      ),
  },
  {
    id: "some-approver",
    mode: "onprem",
    control: "CP-11",
    check: facts =>
      chosen(facts).flatMap(({ name, specification }): Finding[] => {
        const at = ["workloads", name, "approvers"];
        const written = valueAt(facts.values, at);
        // Whether there may be approvers at all is a rule of both modes.
        if (specification.approvals.length === 0 || !isTree(written)) return [];
        const names = [written.users, written.groups].flatMap(list => (Array.isArray(list) ? list : []));
        return names.length > 0 ? [] : [{ at, found: "nobody", allowed: "at least one of `users` or `groups`" }];
      }),
  },
];
