// What `pulumi up` runs: configuration, platform, outputs.
import { catalog } from "./src/catalog/catalog";
import { loadConfig } from "./src/config/load";
import { requireLocalAws } from "./src/platform/local-aws-check";
import { saas } from "./src/platform/saas";

const config = loadConfig(catalog);
if (config.localAws) requireLocalAws(config.localAws.endpoint);
const outputs = saas(config, catalog);

export const { vpcId, cluster, edge, logArchive, workloads } = outputs;
