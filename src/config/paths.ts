// Config: places in a configuration tree. How one is written, read, searched for and cut out.
import { Sealed } from "./sealed";

export const namespace = "palisade";

/** Keys and list positions from the top of the `palisade:` namespace down. */
export type Path = readonly (string | number)[];

export type Tree = Readonly<Record<string, unknown>>;

/** As `pulumi config set --path` takes it: `palisade:network.zones[0].private`. */
export function writePath([top, ...steps]: Path): string {
  return writePlace(`${namespace}:${top ?? ""}`, steps);
}

/** The same, below a key of any namespace. */
export function writePlace(key: string, steps: Path): string {
  const written = steps.map(step => {
    if (typeof step === "number") return `[${step}]`;
    return /^[^.[\]"\s]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return `${key}${written.join("")}`;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Sealed);
}

/** Children of a mapping or a list with their steps; a scalar has none. */
export function children(node: unknown): [string | number, unknown][] {
  if (Array.isArray(node)) return [...node.entries()];
  return isTree(node) ? Object.entries(node) : [];
}

export function valueAt(node: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => children(at).find(([key]) => key === step)?.[1], node);
}

/** Every scalar and every sealed value, with its place. */
export function leaves(node: unknown, path: Path = []): [Path, unknown][] {
  if (!Array.isArray(node) && !isTree(node)) return [[path, node]];
  return children(node).flatMap(([step, child]) => leaves(child, [...path, step]));
}

/** A copy with every scalar and every sealed value replaced. */
export function mapLeaves(node: unknown, replace: (path: Path, leaf: unknown) => unknown, path: Path = []): unknown {
  if (Array.isArray(node)) return node.map((child, i) => mapLeaves(child, replace, [...path, i]));
  if (!isTree(node)) return replace(path, node);
  return Object.fromEntries(
    Object.entries(node).map(([key, child]) => [key, mapLeaves(child, replace, [...path, key])]),
  );
}

/** Every present value whose place fits a pattern such as `workloads.*.postgres.multiAz`; `*` stands for one step. */
export function select(node: unknown, pattern: string): [Path, unknown][] {
  let found: [Path, unknown][] = [[[], node]];
  for (const wanted of pattern.split("."))
    found = found.flatMap(([path, value]) =>
      children(value)
        .filter(([step, child]) => child !== undefined && (wanted === "*" || wanted === String(step)))
        .map(([step, child]): [Path, unknown] => [[...path, step], child]),
    );
  return found;
}

/** Whether a place fits a pattern, or lies above or below one that does. */
export function touches(path: Path, pattern: string): boolean {
  return pattern
    .split(".")
    .slice(0, path.length)
    .every((wanted, i) => wanted === "*" || wanted === String(path[i]));
}

export function fits(path: Path, pattern: string): boolean {
  return path.length === pattern.split(".").length && touches(path, pattern);
}

export interface Faulty {
  readonly values: readonly Path[];
  /** Names that no mapping may have. */
  readonly keys: readonly Path[];
}

/** A copy without what is faulty. A cut value leaves `undefined`, so that list positions and good names stay; a cut name leaves nothing. */
export function cut(node: unknown, { values, keys }: Faulty): unknown {
  const written = (places: readonly Path[]) => new Set(places.map(place => JSON.stringify(place)));
  const [gone, dropped] = [written(values), written(keys)];
  const copy = (value: unknown, path: Path): unknown => {
    if (gone.has(JSON.stringify(path))) return undefined;
    if (Array.isArray(value)) return value.map((element, i) => copy(element, [...path, i]));
    if (!isTree(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => !dropped.has(JSON.stringify([...path, key])))
        .map(([key, child]) => [key, copy(child, [...path, key])]),
    );
  };
  return copy(node, []);
}
