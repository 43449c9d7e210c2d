// Config: from raw values to a checked configuration, or to every fault at once. Pure: the program and `palisade config check` share it.
import { allowedNames, type Fault, inOrder } from "./faults";
import { loopbackAllowed, loopbackUrl } from "./fields";
import { faultyParts, issueFaults } from "./issues";
import { modeOf, schemas } from "./modes";
import type { SealedOnpremConfig } from "./onprem-schema";
import { cut, fits, mapLeaves, namespace, type Path } from "./paths";
import { localAwsVariable } from "./process-environment";
import { ownValues, type RawConfig } from "./raw";
import type { Context, Facts } from "./rule";
import { ruleFaults } from "./rules";
import type { SealedConfig } from "./schema";
import { Sealed } from "./sealed";
import { secretPlaces } from "./secret-places";
import { type Environment, environments, type Mode } from "./shared-schema";

/** Told apart by `mode`. */
export type AnySealedConfig = SealedConfig | SealedOnpremConfig;

export type ParsedConfig = { ok: true; config: AnySealedConfig } | { ok: false; faults: readonly Fault[] };

/**
 * Checks everything that can be checked: keys, fields, fields against each other, against the environment and the catalogue.
 * A fault in one part does not hide the faults of another.
 */
export function parseConfig(raw: RawConfig, context: Context): ParsedConfig {
  const values = ownValues(raw);
  const mode = modeOf(values);
  const result = schemas[mode].safeParse(mapLeaves(values, nullMisplaced));
  const issues = result.error?.issues ?? [];
  const sound = cut(values, faultyParts(issues)) as Facts["sound"];
  const onprem = (mode === "onprem" ? sound : {}) as Facts["onprem"];
  const faults = [
    ...namespaceFaults(raw, mode),
    ...issueFaults(mode, values, issues),
    ...ruleFaults({ ...context, values, mode, sound, onprem, environment: environmentOf(sound, context) }),
    ...(mode === "saas" ? variableFaults(context) : []),
  ];
  if (!result.success || faults.length > 0) return { ok: false, faults: inOrder(faults) };
  return { ok: true, config: withSurroundings(result.data, context) };
}

/** What the environment of the process adds: the address of a local AWS takes the place of the file's, a kubeconfig only fills a gap, and none of a bundle. */
function withSurroundings(config: AnySealedConfig, { localAws, kubeconfig }: Context): AnySealedConfig {
  if (config.mode === "saas")
    return localAws ? { ...config, localAws: { ...config.localAws, endpoint: localAws } } : config;
  if (config.delivery === "bundle") return config;
  return { ...config, cluster: { ...config.cluster, kubeconfig: config.cluster.kubeconfig ?? kubeconfig } };
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
function namespaceFaults(raw: RawConfig, mode: Mode): Fault[] {
  return [...raw.keys()]
    .filter(key => !key.startsWith(`${namespace}:`) && !key.startsWith("pulumi:"))
    .map(key => {
      const name = key.slice(key.indexOf(":") + 1);
      const known = Object.keys(schemas[mode].shape);
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
