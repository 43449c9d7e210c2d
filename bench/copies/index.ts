// Benchmarks: the dev stack with several copies of Sanctum in place of one. Copies differ from it in nothing but the name.
import { catalog } from "../../src/catalog/catalog";
import { sanctum } from "../../src/catalog/sanctum";
import { loadConfig } from "../../src/config/load";
import { saas } from "../../src/platform/saas";

const config = loadConfig(catalog);
if (config.mode !== "saas") throw new Error("`palisade:mode` is not `saas`, which this benchmark measures");
const overrides = config.workloads[sanctum.name];
const count = Number(process.env.PALISADE_BENCH_COPIES);
if (!overrides || !Number.isInteger(count) || count < 1)
  throw new Error(
    `\`PALISADE_BENCH_COPIES\` is ${process.env.PALISADE_BENCH_COPIES}; allowed is a whole number from 1`,
  );

const names = Array.from({ length: count }, (_, i) => `${sanctum.name}-${i + 1}`);
saas(
  { ...config, workloads: Object.fromEntries(names.map(name => [name, overrides])) },
  new Map(names.map(name => [name, { ...sanctum, name }])),
);
