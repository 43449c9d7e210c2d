// Platform: the supplied values that the configuration itself holds, in clear: authorities of the customer's own services (SA-6). Pure.
import { storeKinds } from "../workload/hops";

interface External {
  external?: { certificateAuthority: string };
}

/** Authorities of a workload's external databases, by the name their plan asks for. */
export function databaseAuthorities(overrides: { postgres?: External; vectors?: External } = {}) {
  return Object.fromEntries(
    storeKinds.flatMap((kind): [string, string][] => {
      const authority = overrides[kind]?.external?.certificateAuthority;
      return authority ? [[`${kind.toUpperCase()}_CA`, authority]] : [];
    }),
  );
}

/** The authority of the log collector, if it has one of its own. */
export function collectorAuthority(siem: { certificateAuthority?: string } = {}): Record<string, string> {
  return siem.certificateAuthority ? { SIEM_CA: siem.certificateAuthority } : {};
}
