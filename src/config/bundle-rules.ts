// Config: rules of a stack that is carried in as one file: nothing that only the cluster, or the people who install it, have (PF-3, PF-7).
import { select, valueAt } from "./paths";
import type { Finding, Rule } from "./rule";
import { secretPlaces } from "./secret-places";

/** Ways to a cluster, which nobody has who makes a bundle. */
const ways = ["kubeconfig", "context"] as const;

export const bundleRules: readonly Rule[] = [
  {
    id: "bundle-without-cluster",
    mode: "onprem",
    control: "PF-3",
    check: ({ onprem, values }) =>
      onprem.delivery !== "bundle"
        ? []
        : ways
            .map(name => ["cluster", name])
            .filter(at => valueAt(values, at) !== undefined)
            .map(at => ({
              at,
              found: "a way to a cluster",
              allowed:
                "nothing with `delivery: bundle`: the manifests are rendered, and whoever installs has the cluster",
            })),
  },
  {
    id: "bundle-without-secrets",
    mode: "onprem",
    control: "PF-7",
    check: ({ onprem, values }) =>
      onprem.delivery !== "bundle"
        ? []
        : secretPlaces.flatMap(place =>
            select(values, place).map(
              ([at]): Finding => ({
                at,
                found: "a secret",
                allowed: "nothing with `delivery: bundle`: it is given, or made, where the bundle is installed",
              }),
            ),
          ),
  },
];
