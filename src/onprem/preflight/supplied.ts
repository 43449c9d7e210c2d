// Preflight: whether every value that somebody has to supply is there, told with all else that is missing (SA-8, PF-3).
import { Failure } from "../../../toolchain/failure";
import { type Demand, keyOf } from "../secrets/demand";
import { waysToSupply } from "../secrets/supplied";
import { type Finding, failed, ok } from "./finding";
import type { Check } from "./inputs";

const needed = "a value for each supplied secret";

export const supplied: Check = async ({ lackingSecrets }) => {
  if (!lackingSecrets) return [];
  try {
    return [judgeSupplied(await lackingSecrets())];
  } catch (error) {
    // A file that others may read, or a value that nothing asks for.
    if (error instanceof Failure) return [failed("secrets", error.what, needed, error.fix)];
    throw error;
  }
};

/** Names only: no value is shown. Pure. */
export function judgeSupplied(lacking: readonly Demand[]): Finding {
  if (lacking.length === 0) return ok("secrets", "all that has to be supplied is there", needed);
  const names = lacking.map(demand => `${keyOf(demand)} (${demand.description})`);
  return failed("secrets", `not supplied: ${names.join("; ")}`, needed, waysToSupply(lacking));
}
