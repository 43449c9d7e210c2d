// CLI: a resource as the engine describes it, in a preview or in a state, and what its URN tells. Pure.

export interface EngineResource {
  urn: string;
  type: string;
  parent?: string;
  inputs?: Record<string, unknown>;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[] | null>;
}

export type ByUrn = ReadonlyMap<string, EngineResource>;

export const nameOf = ({ urn }: EngineResource): string => urn.split("::").at(-1) ?? "";

/** Last part of the type, such as `Vpc` or `FargateService`. */
export const kindOf = ({ type }: EngineResource): string => type.split(":").at(-1) ?? "";

export const stackOf = ({ urn }: EngineResource): string => urn.split(":")[2] ?? "";

/** All it depends on, whether by a property or as a whole. */
export function dependenciesOf({ dependencies = [], propertyDependencies = {} }: EngineResource): string[] {
  return [...new Set([...dependencies, ...Object.values(propertyDependencies).flatMap(urns => urns ?? [])])];
}

/** From the top of the stack down to the resource itself; the stack is not in it. */
export function lineOf(resource: EngineResource, byUrn: ByUrn): EngineResource[] {
  const parent = resource.parent ? byUrn.get(resource.parent) : undefined;
  return parent ? [...lineOf(parent, byUrn), resource] : resource.type === "pulumi:pulumi:Stack" ? [] : [resource];
}
