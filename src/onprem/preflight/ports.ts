// Preflight: whether ports of nodes that the release asks for are free: the seed's "port in use" (IS-11). Pure but for what it is given.
import type { KubernetesObject } from "../../components/kubernetes/object";
import { at, type JsonObject, listAt, nameOf, namespaceOf, numberAt, textAt } from "../../kubernetes/json";
import { type Finding, failed, ok, warning } from "./finding";
import { hostPortsOf, podDemands } from "./pods";

/** One port of a node, and who has or wants it. */
interface Held {
  port: number;
  protocol: string;
  by: string;
  namespace: string;
}

function nodePortsOf(object: JsonObject, by: string): Held[] {
  return listAt(object, "spec", "ports").flatMap(entry => {
    const port = numberAt(entry, "nodePort");
    return port ? [{ port, protocol: textAt(entry, "protocol") || "TCP", by, namespace: namespaceOf(object) }] : [];
  });
}

/**
 * @param services all of the cluster; undefined where they may not be seen
 * @param pods likewise
 */
export function judgePorts(
  objects: readonly KubernetesObject[],
  services: readonly JsonObject[] | undefined,
  pods: readonly JsonObject[] | undefined,
): Finding[] {
  const id = "ports";
  const own = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  const wanted: Held[] = [
    ...objects
      .filter(({ kind }) => kind === "Service")
      .flatMap(object =>
        nodePortsOf(
          JSON.parse(JSON.stringify(object)) as JsonObject,
          `Service ${object.metadata.namespace}/${object.metadata.name}`,
        ),
      ),
    ...podDemands(objects).flatMap(({ title, namespace, hostPorts }) =>
      hostPorts.map(port => ({ ...port, by: title, namespace })),
    ),
  ];
  if (wanted.length === 0) return [ok(id, "the release takes no port of any node")];
  const needed = `ports ${wanted.map(({ port, protocol }) => `${port}/${protocol}`).join(", ")} of the nodes`;
  if (!services || !pods)
    return [
      warning(
        id,
        "this account may not see who has which port",
        needed,
        "An administrator looks: kubectl get services,pods -A -o wide",
      ),
    ];
  const held: Held[] = [
    ...services.flatMap(service => nodePortsOf(service, `Service ${namespaceOf(service)}/${nameOf(service)}`)),
    ...pods.flatMap(pod =>
      hostPortsOf((at(pod, "spec") ?? {}) as Parameters<typeof hostPortsOf>[0]).map(port => ({
        ...port,
        by: `Pod ${namespaceOf(pod)}/${nameOf(pod)}`,
        namespace: namespaceOf(pod),
      })),
    ),
  ].filter(({ namespace }) => !own.has(namespace));
  const clashes = wanted.flatMap(want =>
    held
      .filter(({ port, protocol }) => port === want.port && protocol === want.protocol)
      .map(({ by }) =>
        failed(
          id,
          `port in use: ${want.port}/${want.protocol}, which ${want.by} needs, is ${by}'s`,
          needed,
          `Free it, or take another port. See: kubectl get services,pods -A -o wide | grep ${want.port}`,
        ),
      ),
  );
  return clashes.length > 0 ? clashes : [ok(id, "all free", needed)];
}
