// Config: from raw values to a checked configuration, or to every fault at once. Pure: the program and `palisade config check` share it.
import { allowedNames, type Fault, inOrder } from "./faults";
import { loopbackAllowed, loopbackUrl } from "./fields";
import { faultyParts, issueFaults } from "./issues";
import { cut, fits, mapLeaves, namespace, type Path } from "./paths";
import { localAwsVariable } from "./process-environment";
import { ownValues, type RawConfig } from "./raw";
import type { Context, Facts } from "./rule";
import { ruleFaults } from "./rules";
import { type Environment, environments, type SealedConfig, secretPlaces, stackConfig } from "./schema";
import { Sealed } from "./sealed";

export type ParsedConfig = { ok: true; config: SealedConfig } | { ok: false; faults: readonly Fault[] };

/**
 * Checks everything that can be checked: keys, fields, fields against each other, against the environment and the catalogue.
 * A fault in one part does not hide the faults of another.
 */
export function parseConfig(raw: RawConfig, context: Context): ParsedConfig {
  const values = ownValues(raw);
  const result = stackConfig.safeParse(mapLeaves(values, nullMisplaced));
  const issues = result.error?.issues ?? [];
  const sound = cut(values, faultyParts(issues)) as Facts["sound"];
  const faults = [
    ...namespaceFaults(raw),
    ...issueFaults(stackConfig, values, issues),
    ...ruleFaults({ ...context, values, sound, environment: environmentOf(sound, context) }),
    ...variableFaults(context),
  ];
  if (!result.success || faults.length > 0) return { ok: false, faults: inOrder(faults) };
  const { localAws } = context;
  return { ok: true, config: localAws ? { ...result.data, localAws: { endpoint: localAws } } : result.data };
}

/** To zod a box is an object like any other, and would be taken for an empty section. */
function nullMisplaced(path: Path, leaf: unknown): unknown {
  return leaf instanceof Sealed && !secretPlaces.some(place => fits(path, place)) ? null : leaf;
}

/** The name of a stack decides where the setting itself is missing or faulty: a broken prod is still judged as prod. */
function environmentOf(sound: Facts["sound"], { stack }: Context): Environment | undefined {
  return sound.environment ?? environments.find(environment => environment === stack);
}

/**
 * One namespace. `pulumi:` is the engine's own. Keys such as `aws:region` would be a second source of truth that
 * nothing reads, since the provider is made from `palisade:region`.
 */
function namespaceFaults(raw: RawConfig): Fault[] {
  return [...raw.keys()]
    .filter(key => !key.startsWith(`${namespace}:`) && !key.startsWith("pulumi:"))
    .map(key => {
      const name = key.slice(key.indexOf(":") + 1);
      const known = Object.keys(stackConfig.shape);
      return {
        path: key,
        found: key.includes(":") ? "a key of another namespace" : "a key without a namespace",
        allowed: known.includes(name)
          ? `\`${namespace}:${name}\``
          : `keys of \`${namespace}:\` (${allowedNames(known, name)})`,
        control: "PF-1",
      };
    });
}

function variableFaults({ localAws }: Context): Fault[] {
  if (localAws === undefined || loopbackUrl.safeParse(localAws).success) return [];
  return [{ path: localAwsVariable, found: "another address", allowed: loopbackAllowed, control: "RT-3" }];
}
