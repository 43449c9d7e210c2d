// Grant: asks the cluster what the account at hand may do. Reads only: a review leaves nothing behind.
import { at } from "../../kubernetes/json";
import type { Cluster } from "../../kubernetes/objects";
import type { Access } from "./access";

const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
/** Questions in flight: the server has others to answer too. */
const atOnce = 8;

export async function mayDo({ api }: Pick<Cluster, "api">, access: Access): Promise<boolean> {
  const { namespace, group, resource, subresource, verb, name } = access;
  const resourceAttributes = { namespace, group, resource, subresource, verb, name };
  const body = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes } };
  return (
    at(await api.send({ method: "POST", path, body, contentType: "application/json" }), "status", "allowed") === true
  );
}

const everything: Access = { namespace: "", group: "*", resource: "*", subresource: "", verb: "*", name: "" };

/** Those of the accesses that are refused, in their order. An administrator of everything is asked about once. */
export async function refusedOf(cluster: Pick<Cluster, "api">, accesses: readonly Access[]): Promise<Access[]> {
  const anySub = { ...everything, subresource: "*" };
  if ((await mayDo(cluster, everything)) && (await mayDo(cluster, anySub))) return [];
  const refused = new Set<Access>();
  const left = accesses.values();
  const ask = async () => {
    for (const access of left) if (!(await mayDo(cluster, access))) refused.add(access);
  };
  await Promise.all(Array.from({ length: atOnce }, ask));
  return accesses.filter(access => refused.has(access));
}
