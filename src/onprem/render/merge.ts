// Release: values over the configuration of a stack, and the one order that mappings have. Pure.
import { isTree, type Tree } from "../../config/paths";

/** Mappings that mean one thing as a whole: labels of both sides together would fit no pod. */
const whole = ["podLabels"];

/**
 * Mappings are merged key by key; anything else takes the place of what was there, and `null` takes it away. Neither side is
 * changed. Keys are those of the trees themselves, whatever they are called.
 */
export function merged(below: Tree, above: Tree): Tree {
  const result = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above)) {
    const former = result.get(key);
    if (value === null) result.delete(key);
    else if (isTree(value) && !whole.includes(key)) result.set(key, merged(isTree(former) ? former : {}, value));
    else result.set(key, value);
  }
  return Object.fromEntries(result);
}

/**
 * Keys of every mapping in the order in which the engine hands them to a program, whatever order somebody wrote them in:
 * texts inside objects, and so what replaces pods, follow it.
 */
export function ordered(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree)
      .map(([key, value]): [string, unknown] => [key, isTree(value) ? ordered(value) : value])
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );
}
