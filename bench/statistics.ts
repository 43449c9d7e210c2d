// Benchmarks: figures from several rounds.

/** The middle value; of an even number of values the mean of the middle two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("`values` is empty; a median needs at least one");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** `8.12 (7.90 to 9.31)`: the median, and the least and the most it was taken from. */
export function spread(values: readonly number[], digits: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}

export interface Point {
  /** How much there is, such as a number of resources. */
  size: number;
  /** What it costs. */
  cost: number;
}

/** What each further unit costs from one size to a greater one. */
export function marginal(from: Point, to: Point): number {
  if (to.size <= from.size) throw new Error(`\`to.size\` is ${to.size}; allowed is more than ${from.size}`);
  return (to.cost - from.cost) / (to.size - from.size);
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
