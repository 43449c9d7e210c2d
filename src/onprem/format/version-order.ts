// Bundle format: which of two versions is older, as Semantic Versioning 2.0.0 has it (RT-9: no downgrade unless asked for). Pure.
import { Failure } from "../../../toolchain/failure";
import { shown } from "./refusal";

const number = "(?:0|[1-9]\\d*)";
const identifier = `(?:${number}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const shape = new RegExp(
  `^(${number})\\.(${number})\\.(${number})(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
/** Characters of a version; the specification knows no limit. */
const LONGEST = 256;

/** Below zero if the first comes before the second, zero if neither does (build metadata counts for nothing), else above.
 * @throws Failure if either is no semantic version */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (const [at, part] of left.core.entries()) {
    const order = compareNumbers(part, right.core[at] ?? "0");
    if (order !== 0) return order;
  }
  if (left.pre.length === 0 || right.pre.length === 0) return right.pre.length - left.pre.length;
  for (const [at, part] of left.pre.entries()) {
    const other = right.pre[at];
    if (other === undefined) return 1;
    const order = compareIdentifiers(part, other);
    if (order !== 0) return order;
  }
  return left.pre.length - right.pre.length;
}

function compareIdentifiers(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return compareNumbers(a, b);
  if (left !== right) return left ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Of any length, without leading zeros: longer is larger. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function parse(version: string): { core: string[]; pre: string[] } {
  const match = version.length <= LONGEST ? shape.exec(version) : null;
  if (!match)
    throw new Failure(`${shown(version)} is no version.`, "Allowed: a semantic version such as 1.4.0 or 1.5.0-rc.1.");
  const [, major = "", minor = "", patch = "", pre] = match;
  return { core: [major, minor, patch], pre: pre === undefined ? [] : pre.split(".") };
}
