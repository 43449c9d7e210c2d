// Grant: how rules of access name a kind: its group and its resource, as the API server makes the one from the other. Pure.

export interface ResourceName {
  /** Empty for the core. */
  group: string;
  /** Plural, in small letters: `networkpolicies`. */
  resource: string;
}

/** By the rule that Kubernetes itself guesses names by; the preflight holds it to what the server serves. */
export function resourceNameOf({ apiVersion, kind }: { apiVersion: string; kind: string }): ResourceName {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  const singular = kind.toLowerCase();
  if (singular.endsWith("s")) return { group, resource: `${singular}es` };
  if (singular.endsWith("y")) return { group, resource: `${singular.slice(0, -1)}ies` };
  return { group, resource: `${singular}s` };
}
