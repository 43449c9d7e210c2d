// AWS components: a regular expression for every text that is not on a list. RE2, which the collector uses, cannot negate one. Pure.

/** Node of a tree of letters; a word ends where `end` is set. */
interface Node {
  end: boolean;
  next: Map<string, Node>;
}

/**
 * Matches each text that is none of `words`, and nothing else.
 * @throws Error if a word has other characters than letters, digits, `.`, `_` and `-`.
 */
export function complementPattern(words: readonly string[]): string {
  const root: Node = { end: false, next: new Map() };
  for (const word of words) {
    if (!/^[\w.-]+$/.test(word))
      throw new Error(`\`words\` has \`${word}\`; allowed are letters, digits and the characters \`. _ -\``);
    let node = root;
    for (const letter of word) {
      const next = node.next.get(letter) ?? { end: false, next: new Map() };
      node.next.set(letter, next);
      node = next;
    }
    node.end = true;
  }
  return `^${deviations(root)}$`;
}

/** A line break as well, which the dot is not. */
const anything = "[\\s\\S]";

/** What may follow a prefix so that no word comes of it. */
function deviations({ end, next }: Node): string {
  const letters = [...next.keys()].sort();
  const ways = [
    // Stopping here, unless a word does.
    ...(end ? [] : [""]),
    // A letter that no word goes on with, and then anything.
    letters.length === 0 ? `${anything}+` : `[^${letters.map(escaped).join("")}]${anything}*`,
    // A letter that some word goes on with, and a deviation later.
    ...[...next].sort(([a], [b]) => (a < b ? -1 : 1)).map(([letter, node]) => escaped(letter) + deviations(node)),
  ];
  return `(?:${ways.join("|")})`;
}

function escaped(letter: string): string {
  return /\w/.test(letter) ? letter : `\\${letter}`;
}
