// Catalogue: the workloads a stack can choose from, by name.
import type { Workload } from "../workload/workload";
import { sanctum } from "./sanctum";

export const catalog: ReadonlyMap<string, Workload> = new Map([sanctum].map(workload => [workload.name, workload]));
