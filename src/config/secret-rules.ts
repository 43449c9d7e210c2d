// Config: rules against secrets in plain text. They read what was written, so an unknown or faulty key hides nothing (PF-7).

import { looksSecretByName, looksSecretByValue } from "../workload/plain-secrets";
import { describeFound } from "./found";
import { fits, leaves } from "./paths";
import type { Finding, Rule } from "./rule";
import { secretPlaces } from "./secret-places";

const variables = "workloads.*.services.*.environment.*";

const allowed = "no secret in plain text; the specification names it, and `palisade:secrets` holds it encrypted";

export const secretRules: readonly Rule[] = [
  {
    id: "secret-by-value",
    control: "PF-7",
    check: ({ values }) =>
      leaves(values).flatMap(([at, value]): Finding[] =>
        typeof value === "string" && looksSecretByValue(value) && !secretPlaces.some(place => fits(at, place))
          ? [{ at, found: describeFound(at, value), allowed }]
          : [],
      ),
  },
  {
    id: "secret-by-name",
    control: "PF-7",
    check: ({ values }) =>
      leaves(values).flatMap(([at, value]): Finding[] =>
        fits(at, variables) &&
        typeof value === "string" &&
        !looksSecretByValue(value) &&
        looksSecretByName(String(at.at(-1)), value)
          ? [{ at, found: "plain text under the name of a secret", allowed }]
          : [],
      ),
  },
];
