// CLI: a picture of a stack as a Mermaid flow chart. Pure.
import { groupBy, INTERNET, type Link, type Part, type Picture } from "./picture";

/** The picture as a Mermaid flow chart: arrows are connections, dotted ones are uses. */
export function mermaid({ stack, range, parts, links }: Picture): string {
  const tiers = ["public", "private", "data"];
  const placed = (tier: string | undefined) => parts.filter(part => part.tier === tier);
  const boxes = new Map<string, Part[]>();
  const shared = parts.find(part => part.tier === "vpc")?.owner;
  /** Parts of one place: those of a workload together, in a box of its own, and whole workloads in one for them all. */
  const place = (tier: string | undefined): string[] =>
    [...groupBy(placed(tier), part => (part.whole ? "workloads" : part.owner))].flatMap(([owner, own]) => {
      if (owner === shared) return own.map(node);
      const id = `${tier ?? "outside"}_${owner}`.replace(/\W/g, "_");
      boxes.set(id, own);
      return box(id, owner, own.map(node));
    });
  const inside = [
    ...place("vpc"),
    ...tiers.flatMap(tier => (placed(tier).length === 0 ? [] : box(`subnets_${tier}`, `${tier} subnets`, place(tier)))),
  ];
  const lines = [
    ...(links.some(link => link.from === INTERNET || link.to === INTERNET) ? [`${INTERNET}(("internet"))`] : []),
    ...box("vpc", `VPC ${range} of stack ${stack}`, inside),
    ...place(undefined),
  ];
  return ["flowchart TB", ...[...lines, ...together(links, boxes).map(arrow)].map(line => `  ${line}`)].join("\n");
}

/** Uses that all parts of a box have in common start at the box; those of all its parts end at it. */
function together(links: readonly Link[], boxes: ReadonlyMap<string, readonly Part[]>): Link[] {
  let all = [...links];
  for (const [near, far] of [["from", "to"] as const, ["to", "from"] as const])
    for (const [id, parts] of boxes)
      for (const end of new Set(all.map(link => link[far]))) {
        const shared = all.filter(
          link => !link.ports && link[far] === end && parts.some(part => part.id === link[near]),
        );
        if (parts.length < 2 || shared.length < parts.length) continue;
        const joint = near === "from" ? { from: id, to: end } : { from: end, to: id };
        all = [...all.filter(link => !shared.includes(link)), joint];
      }
  return all;
}

function arrow({ from, to, ports }: Link): string {
  return ports ? `${from} ==>|${ports.join(", ")}| ${to}` : `${from} -.-> ${to}`;
}

function node({ id, name, kind, contents }: Part): string {
  // `endpoints` says nothing that `VPC endpoints` does not say.
  const lines = kind.toLowerCase().includes(name.replaceAll("-", " ")) ? [kind] : [name, kind];
  const [title, ...rest] = [...lines, contents.join(", ")].filter(Boolean);
  return `${id}["${[`<b>${title}</b>`, ...rest].join("<br/>")}"]`;
}

function box(id: string, title: string, lines: readonly string[]): string[] {
  return [`subgraph ${id}["${title}"]`, ...lines.map(line => `  ${line}`), "end"];
}
