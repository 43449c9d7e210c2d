// Kubernetes components: quantities in the one spelling that the API server gives back, so that nothing looks changed. Pure.

const decimal = ["", "k", "M", "G"];
const binary = ["Mi", "Gi", "Ti", "Pi"];

/** Thousandths of a core: `500m`, `2`. */
export function cores(millicores: number): string {
  return millicores % 1000 === 0 ? count(millicores / 1000) : `${millicores}m`;
}

/** MiB: `512Mi`, `4Gi`. */
export function mebibytes(mebibytes: number): string {
  return largest(mebibytes, 1024, binary);
}

/** GiB: `10Gi`, `1Ti`. */
export function gibibytes(gibibytes: number): string {
  return mebibytes(gibibytes * 1024);
}

/** A plain number: `600`, `2k`. */
export function count(number: number): string {
  return largest(number, 1000, decimal);
}

/** @throws Error for a quantity in another unit than these functions write: it would be counted wrong. */
export function read(value: unknown, kind: "cores" | "mebibytes" | "count"): number {
  const [, digits, unit = ""] = /^(\d+)([a-zA-Z]*)$/.exec(String(value)) ?? [];
  const factor =
    kind === "mebibytes" ? power(binary, unit, 1024) : unit === "m" ? 1 : power(decimal, unit, 1000) * 1000;
  const found = Number(digits) * factor;
  if (!Number.isFinite(found)) throw new Error(`quantity \`${String(value)}\` is not in ${kind}`);
  return kind === "count" ? found / 1000 : found;
}

function largest(number: number, step: number, units: readonly string[]): string {
  const exact = (exponent: number) => number % step ** exponent === 0;
  const exponent = number === 0 ? 0 : units.findLastIndex((_, i) => exact(i));
  return `${number / step ** exponent}${units[exponent]}`;
}

function power(units: readonly string[], unit: string, step: number): number {
  const exponent = units.indexOf(unit);
  return exponent < 0 ? Number.NaN : step ** exponent;
}
