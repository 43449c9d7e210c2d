// Kubernetes: the path of a kind. The server says its plural name and whether its objects lie in namespaces.
import type { Api } from "./client";
import { ApiError } from "./errors";
import { at, listAt, textAt } from "./json";
import type { ApiKind } from "./kind";

export interface Resource {
  /** `deployments`. */
  plural: string;
  namespaced: boolean;
}

export interface Discovery {
  /** The resource of a kind; undefined if the server does not serve it. */
  find(kind: ApiKind): Promise<Resource | undefined>;
  /** Makes the next look-up ask again: a CustomResourceDefinition came or went. */
  forget(): void;
}

export function discovery(api: Api): Discovery {
  const known = new Map<string, Promise<Map<string, Resource>>>();
  const ask = (apiVersion: string) => {
    const asked = known.get(apiVersion) ?? resourcesOf(api, apiVersion);
    known.set(apiVersion, asked);
    asked.catch(() => known.delete(apiVersion));
    return asked;
  };
  return {
    find: async ({ apiVersion, kind }) => {
      const found = (await ask(apiVersion)).get(kind);
      if (found) return found;
      known.delete(apiVersion);
      return (await ask(apiVersion)).get(kind);
    },
    forget: () => known.clear(),
  };
}

const groupPath = (apiVersion: string): string =>
  apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

async function resourcesOf(api: Api, apiVersion: string): Promise<Map<string, Resource>> {
  const resources = new Map<string, Resource>();
  const list = await api.send({ method: "GET", path: groupPath(apiVersion) }).catch((error: unknown) => {
    if (error instanceof ApiError && error.isNotFound) return {};
    throw error;
  });
  for (const entry of listAt(list, "resources")) {
    const plural = textAt(entry, "name");
    if (!plural.includes("/"))
      resources.set(textAt(entry, "kind"), { plural, namespaced: at(entry, "namespaced") === true });
  }
  return resources;
}

/** The path of an object, or without a name of all objects of a kind in a namespace. */
export function pathOf(kind: ApiKind, resource: Resource, namespace: string, name?: string): string {
  const inside = resource.namespaced ? `/namespaces/${encodeURIComponent(namespace || "default")}` : "";
  return `${groupPath(kind.apiVersion)}${inside}/${resource.plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
}
