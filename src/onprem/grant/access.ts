// Grant: the rights that a plan needs, one by one, as a cluster is asked about them (SA-13). Pure.

import { resourceNameOf } from "./resource-name";
import { belongsToGrant, clusterRules, type Granting, namespacesIn, type Rule, rulesIn } from "./rules";

/** One question: may this account do that there? */
export interface Access {
  /** Empty for the whole cluster. */
  namespace: string;
  group: string;
  resource: string;
  /** Such as `log` of `pods/log`; empty without one. */
  subresource: string;
  verb: string;
  /** One object only; empty for all. */
  name: string;
}

/** All that an installer with the grant does. */
export function neededAccess(release: Granting): Access[] {
  const inNamespaces = namespacesIn(release).flatMap(namespace =>
    rulesIn(namespace, release).flatMap(rule => accessesOf(rule, namespace)),
  );
  return [...clusterRules(release).flatMap(rule => accessesOf(rule, "")), ...inNamespaces];
}

/** What it takes to apply the grant itself: one for each object that stands in it. */
export function grantingAccess({ objects }: Granting): Access[] {
  return objects.filter(belongsToGrant).map(object => {
    const { group, resource } = resourceNameOf(object);
    const { namespace = "", name } = object.metadata;
    return { namespace, group, resource, subresource: "", verb: "patch", name };
  });
}

export function accessesOf({ apiGroups, resources, verbs, resourceNames = [""] }: Rule, namespace: string): Access[] {
  return apiGroups.flatMap(group =>
    resources.flatMap(full => {
      const [resource = "", subresource = ""] = full.split("/");
      return verbs.flatMap(verb =>
        resourceNames.map(name => ({ namespace, group, resource, subresource, verb, name })),
      );
    }),
  );
}

/** As people say it: `create deployments.apps in prod`. */
export function accessText({ namespace, group, resource, subresource, verb, name }: Access): string {
  const what = `${resource}${group && `.${group}`}${subresource && `/${subresource}`}${name && ` ${name}`}`;
  return `${verb} ${what}${namespace && ` in ${namespace}`}`;
}
