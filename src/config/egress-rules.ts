// Config: rules of the hosts that workloads call, as the stack runs them: which variable holds one, where any host will do.
import { callableHost, callableUrl } from "../workload/egress";
import type { Facts, Finding, Rule } from "./rule";
import { enabled } from "./workload-rules";

/** Services of the stack that call hosts outside, with the values their variables have in it. */
function callers(facts: Facts) {
  return enabled(facts).flatMap(({ name: workload, path, specification, overrides }) =>
    Object.entries(specification.services)
      .filter(([, service]) => service.network.egress.length > 0)
      .map(([name, service]) => ({
        name: `${workload}/${name}`,
        workloadPath: path,
        path: [...path, "services", name],
        service,
        environment: { ...service.environment, ...overrides.services?.[name]?.environment },
      })),
  );
}

export const egressRules: readonly Rule[] = [
  {
    id: "egress-variable",
    control: "RT-27",
    check: facts =>
      callers(facts).flatMap(({ path, service, environment }) =>
        service.network.egress.flatMap((entry): Finding[] => {
          if (typeof entry === "string" || callableHost(environment[entry.variable])) return [];
          const at = [...path, "environment", entry.variable];
          return [{ at, found: describeUrl(environment[entry.variable]), allowed: callableUrl }];
        }),
      ),
  },
  {
    id: "open-egress",
    control: "SP-13",
    environments: ["staging", "prod"],
    check: facts =>
      callers(facts)
        .filter(({ service }) => service.network.egress.includes("*"))
        .map(({ name, workloadPath }) => ({
          at: workloadPath,
          found: `\`network.egress\` of ${name} is \`*\`, any host`,
          allowed: "hosts by name in the specification; `*` is for dev",
        })),
  },
  {
    id: "egress-proxy-image",
    mode: "saas",
    control: "RT-1",
    check: facts => {
      // A machine is no task: it has no proxy beside it.
      const names = callers(facts).flatMap(({ name, service }) => (service.machine ? [] : [`\`${name}\``]));
      const written = facts.sound.platformImages?.["egress-proxy"] ?? facts.values.platformImages;
      if (names.length === 0 || hasProxy(written)) return [];
      return [
        {
          at: ["platformImages", "egress-proxy"],
          found: `nothing, although ${names.join(", ")} may call hosts outside`,
          allowed: "the digest of the egress proxy's image: `sha256:` and 64 hexadecimal digits",
        },
      ];
    },
  },
];

/** What a value is instead of such a URL. It is not shown: somebody may have put credentials into it. */
function describeUrl(value: unknown): string {
  if (value === "" || value === undefined) return "nothing";
  if (typeof value !== "string" || !URL.canParse(value)) return "no URL";
  const { protocol, port, username, password } = new URL(value);
  if (protocol !== "https:") return `a URL that begins with \`${protocol}\``;
  if (port) return `a URL on port ${port}`;
  return username || password ? "a URL with credentials in it" : "a URL without a fully qualified host name";
}

/** Judged on what was written: a digest that is there but faulty has a fault of its own. */
function hasProxy(written: unknown): boolean {
  return typeof written === "string" || (typeof written === "object" && written !== null && "egress-proxy" in written);
}
