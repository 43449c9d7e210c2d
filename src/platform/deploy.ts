// Platform: a stack in whichever mode. Only that mode's part of the platform, and of the SDK, is loaded (PF-1).
import { createRequire } from "node:module";
import type { OnpremStackConfig, StackConfig } from "../config/load";
import type { Workload } from "../workload/workload";
import type { OnpremOutputs } from "./onprem";
import type { RenderedOutputs } from "./onprem-rendered";
import type { SaasOutputs } from "./saas";

type Outputs = Partial<Omit<SaasOutputs & RenderedOutputs, "workloads">> &
  Pick<SaasOutputs | OnpremOutputs | RenderedOutputs, "workloads">;

/** Registers everything the stack has. An output that its mode, or the stack, has not is left out: the engine warns of it. */
export function deploy(config: StackConfig | OnpremStackConfig, catalog: ReadonlyMap<string, Workload>): Outputs {
  const load = createRequire(__filename);
  if (config.mode === "onprem" && config.delivery === "bundle") {
    const { onpremRendered } = load("./onprem-rendered") as typeof import("./onprem-rendered");
    return onpremRendered(config, catalog);
  }
  if (config.mode === "onprem") {
    const { onprem } = load("./onprem") as typeof import("./onprem");
    return onprem(config, catalog);
  }
  const { saas } = load("./saas") as typeof import("./saas");
  if (config.localAws) {
    const { requireLocalAws } = load("./local-aws-check") as typeof import("./local-aws-check");
    requireLocalAws(config.localAws.endpoint);
  }
  const { edge, ...outputs } = saas(config, catalog);
  return edge ? { ...outputs, edge } : outputs;
}
