// Recipe: which pages of the project lie in a bundle, and how their links read there. Pure (IS-11, PF-3).
import { posix } from "node:path";

/** Source of a page, relative to the project: `docs/installing.md`. */
export const runbookIndex = "runbooks/README.md";

/** Pages beside the runbooks: how a bundle is installed, and what it needs of its cluster. */
const guides = ["docs/installing.md", "docs/kubernetes.md"];

/** Parts of the index whose pages are for whoever runs a cluster; all others are about AWS or this project's own tools. */
const operatorParts = ["In a cluster", "Installing a bundle"];

/**
 * @param index text of the list of runbooks
 * @returns titles in the bundle by source, the index itself first
 */
export function operatorPages(index: string): Map<string, string> {
  const listed = partsOf(index)
    .filter(({ heading }) => operatorParts.includes(heading))
    .flatMap(({ text }) => linksIn(text))
    .map(target => posix.join("runbooks", target))
    .filter(source => source.startsWith("runbooks/"));
  const sources = new Set([runbookIndex, ...guides, ...listed.toSorted()]);
  return new Map([...sources].map(source => [source, `runbooks/${posix.basename(source)}`]));
}

/** The list of runbooks as it is in a bundle: without the parts whose pages are not there. */
export function operatorIndex(index: string): string {
  const [head, ...parts] = partsOf(index);
  const kept = parts.filter(({ heading }) => operatorParts.includes(heading));
  return [head, ...kept].map(part => part?.text ?? "").join("");
}

/**
 * A page as it is in a bundle: links to pages that lie there lead to them, the text of all other relative ones stays without a link.
 * @param source where the page is in the project
 * @param titles of all pages in the bundle by source
 */
export function asInBundle(source: string, text: string, titles: ReadonlyMap<string, string>): string {
  const here = posix.dirname(titles.get(source) ?? source);
  return text.replace(linkOrCode, (whole, shown: string | undefined, target: string | undefined) => {
    if (shown === undefined || target === undefined || !isRelative(target)) return whole;
    const [file = "", anchor] = target.split("#");
    const title = titles.get(posix.join(posix.dirname(source), file));
    if (title === undefined) return shown;
    return `[${shown}](${posix.relative(here, title)}${anchor === undefined ? "" : `#${anchor}`})`;
  });
}

/** Targets of links that lead to a file, in a text. */
export function linksIn(text: string): string[] {
  return [...text.matchAll(linkOrCode)].flatMap(([, , target]) =>
    target !== undefined && isRelative(target) ? [target] : [],
  );
}

/** A block of code, code in a line, or a link: what stands in code is none. Groups: what a link shows, where it leads. */
const linkOrCode = /^```[\s\S]*?^```$|`[^`\n]+`|\[((?:[^\]`]|`[^`\n]+`)+)\]\(([^)\s]+)\)/gm;

const isRelative = (target: string): boolean => !/^([a-z][a-z0-9+.-]*:|#|\/)/i.test(target);

/** A page by its headings of the second level; what comes before the first has none. */
function partsOf(text: string): { heading: string; text: string }[] {
  return text.split(/^(?=## )/m).map(part => ({ heading: /^## (.*)$/m.exec(part)?.[1] ?? "", text: part }));
}
