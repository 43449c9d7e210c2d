// Preflight: whether the registry is there and takes an upload; each refusal with what mends it (PF-3).
import { type Finding, failed, ok, warning } from "./finding";
import type { Check, RegistryAnswer } from "./inputs";

export const registry: Check = async ({ registry: address, registryOrigin, tryRegistry }) => {
  if (address === "")
    return [ok("registry", "none has to take uploads: images are on the nodes, or go straight there")];
  if (!tryRegistry)
    return [warning("registry", `nobody has tried registry ${address}`, "a registry that takes uploads", "")];
  return [judgeRegistry(address, await tryRegistry(), registryOrigin)];
};

/** Pure. */
export function judgeRegistry(address: string, answer: RegistryAnswer, origin?: string): Finding {
  const needed = `registry ${address} takes uploads`;
  if (answer.kind === "writable") return ok("registry", `${address} takes uploads`, needed);
  const host = address.split("/")[0] ?? address;
  const look = `curl -v ${origin ?? `https://${host}`}/v2/`;
  const fixes: Readonly<Record<typeof answer.reason, string>> = {
    authentication: `Sign in as somebody who may push: docker login ${host}`,
    permission: `permission denied: give this user the right to push to ${address}, or sign in as another: docker login ${host}`,
    tls: `Give the authority that signed its certificate: --registry-ca FILE. See: openssl s_client -connect ${host} -showcerts`,
    "read-only": `${host} is read-only: have that mended, or name another one: --registry HOST:PORT. If it has the images already, as one that \`palisade serve\` runs: --images-to none`,
    unreachable: `See whether anything listens there: ${look}`,
    other: `See what it says: ${look}`,
  };
  return failed("registry", `${address}: ${answer.detail}`, needed, fixes[answer.reason]);
}
