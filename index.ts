// What `pulumi up` runs: configuration, platform, outputs.
import { catalog } from "./src/catalog/catalog";
import { loadConfig } from "./src/config/load";
import { deploy } from "./src/platform/deploy";

export = deploy(loadConfig(catalog), catalog);
