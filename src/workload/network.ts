// Workload model: who may call a service, and whom it may call. Nothing is reachable that is not named here (SA-9, SA-13).
import { z } from "zod";
import { egressRange } from "./egress-range";
import { dnsLabel, envName, hostName } from "./names";

export const network = z.strictObject({
  /** `public`: behind the edge, on 443. `internal`: only services named in `callers`. `none`: nobody (RT-27, CP-6). */
  exposure: z.enum(["public", "internal", "none"]),
  /** Services of the same workload that may call this one; none unless given (SA-9, SA-13). */
  callers: z.array(dnsLabel).default([]),
  /**
   * Hosts outside the home it may call, all on 443; empty means none (SP-13). `variable` is the host of the URL in that
   * environment variable, which each stack sets (RT-27). `*` is refused outside dev.
   */
  egress: z.array(z.union([hostName, z.literal("*"), z.strictObject({ variable: envName })])).default([]),
  /** Addresses outside the home that a machine may call, on 443; it reaches the hosts of `egress` there and nowhere else (CP-7). */
  egressRanges: z.array(egressRange).default([]),
  /** Lowest TLS version a caller may use (SA-6, SP-5). */
  minimumTls: z.enum(["1.2", "1.3"]).default("1.2"),
  /** Takes request bodies above 8 KiB, whose beginning alone the firewall inspects; no unless given (IS-5). */
  largeBodies: z.boolean().default(false),
});

/** Browser application that is published by a pipeline of its own (SA-11). */
export const frontend = z.strictObject({
  /** Service that answers its calls (SA-11). */
  api: dnsLabel,
  /** Where it is published. `static`: bucket and CDN made by the platform (SA-11). */
  hosting: z.enum(["external", "static"]),
});
