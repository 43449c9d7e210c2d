// AWS components: the variables from which a function's log records say who writes; read by lambda/log_record.py (RT-23).
import type { LogOrigin } from "../../workload/log-record";

/** For the environment of each function of the platform, which cannot log without them. */
export function logOriginVariables(origin: Readonly<Record<keyof LogOrigin, string>>): Record<string, string> {
  return {
    PALISADE_ENV: origin.env,
    PALISADE_WORKLOAD: origin.workload,
    PALISADE_SERVICE: origin.service,
    BUILD_SHA: origin.build_sha,
  };
}
