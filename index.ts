// What `pulumi up` runs: configuration, platform, outputs.
import { catalog } from "./src/catalog/catalog";
import { loadConfig } from "./src/config/load";
import { requireLocalAws } from "./src/platform/local-aws-check";
import { saas } from "./src/platform/saas";

const config = loadConfig(catalog);

/** The stack's outputs. */
module.exports = async () => {
  if (config.localAws) await requireLocalAws(config.localAws.endpoint);
  return saas(config, catalog);
};
