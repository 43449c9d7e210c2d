// AWS components: the variables from which a function's log records say who writes; read by lambda/log_record.py (RT-23).
import type { LogOrigin } from "../../workload/log-record";

/** For the environment of each function of the platform, which cannot log without them. */
export function logOriginVariables({ env, workload, service, build_sha }: LogOrigin): Record<string, string> {
  return { PALISADE_ENV: env, PALISADE_WORKLOAD: workload, PALISADE_SERVICE: service, BUILD_SHA: build_sha };
}
