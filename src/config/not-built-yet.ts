// Config: words of the vocabulary that the program cannot carry out yet. Whoever builds one deletes its line.
import { select } from "./paths";
import type { Rule } from "./rule";

const notBuiltYet = [
  { place: "mode", value: "onprem", instead: "`saas`" },
  { place: "compute", value: "eks", instead: "`fargate`" },
] as const;

export const notBuiltYetRule: Rule = {
  id: "not-built-yet",
  control: "PF-1",
  check: ({ sound }) =>
    notBuiltYet.flatMap(({ place, value, instead }) =>
      select(sound, place)
        .filter(([, found]) => found === value)
        .map(([at]) => ({ at, found: `"${value}", which is not built yet`, allowed: instead })),
    ),
};
