// Kubernetes plugin: what is kept of a resource between updates: the live object, and beside it what the program had asked for.
import { isObject, type JsonObject, textAt } from "../../src/kubernetes/json";
import { forState, secretsOf } from "./secrets";
import { fromStruct, type Properties, type Secrets, toStruct } from "./wire";

const INPUTS = "__inputs";
const MANAGER = "__fieldManager";
const API_VERSION = "__initialApiVersion";

/** A resource as the state holds it; the same layout as the official provider's, which can take it over. */
export interface Recorded {
  live: JsonObject;
  inputs: Properties;
  manager: string;
}

export function recorded(struct: Parameters<typeof fromStruct>[0]): Recorded {
  const { value, secrets } = fromStruct(struct);
  const { [INPUTS]: inputs, [MANAGER]: manager, [API_VERSION]: _, ...live } = value;
  return {
    live,
    inputs: {
      value: isObject(inputs) ? inputs : {},
      secrets: secrets === true ? true : (secrets[INPUTS] ?? {}),
    },
    manager: typeof manager === "string" ? manager : "",
  };
}

/** The state of a live object; what the program marked as secret is secret in it, the values of a Secret always. */
export function stateOf(live: JsonObject, inputs: Properties, manager: string) {
  const secrets: Secrets = secretsOf(live, inputs.secrets);
  const value: JsonObject = {
    ...forState(live),
    [INPUTS]: inputs.value,
    [API_VERSION]: textAt(inputs.value, "apiVersion") || textAt(live, "apiVersion"),
    [MANAGER]: manager,
  };
  return toStruct(value, secrets === true ? true : { ...secrets, [INPUTS]: secretsOf(inputs.value, inputs.secrets) });
}

export function inputsStruct(inputs: Properties) {
  return toStruct(inputs.value, secretsOf(inputs.value, inputs.secrets));
}
