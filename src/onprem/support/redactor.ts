// Support bundle: takes secrets and people out of a text: every value that is known, and whatever looks like one (SA-8, RT-23). Pure.

/** What stands where something was taken out. */
export const mark = (what: string): string => `[${what} left out]`;

export type Redactor = (text: string) => string;

/** Shorter values are replaced only where they stand alone: elsewhere they would take half the text with them. */
const shortest = 6;
/** Lines of a value of several, such as a key in PEM, are known one by one from this length on. */
const shortestLine = 16;

const patterns: readonly [what: string, pattern: RegExp, kept?: string][] = [
  ["key", /-----BEGIN [^-\n]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [^-\n]{0,40}PRIVATE KEY-----|$)/g],
  ["token", /\beyJ[\w-]{8,}(?:\.[\w-]*){1,4}/g],
  ["credentials", /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)[^\r\n"']+/gi, "$1"],
  ["credentials", /\b(bearer|basic)(\s+)[\w.~+/=:-]{4,}/gi, "$1$2"],
  ["credentials", /\b(set-cookie|cookie)(["']?\s*[:=]\s*["']?)[^\r\n"']+/gi, "$1$2"],
  ["credentials", /(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"']{1,512}@/gi, "$1"],
  [
    "secret",
    /((?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\w-]{0,40}["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&"']+)/gi,
    "$1",
  ],
  ["token", /\b\d{6,12}:[A-Za-z0-9_-]{30,64}\b/g],
  ["token", /\b(?:AKIA|ASIA)[A-Z0-9]{12,20}\b|\bAIza[\w-]{20,60}|\b(?:ghp|gho|ghs|xox[abpr]|sk|pk)[_-][\w-]{16,255}/g],
  ["address", /[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g],
];

/**
 * @param values known secrets; each is found as it is, and in base64, in a URL and within JSON
 */
export function redactor(values: Iterable<string>): Redactor {
  const known = knownForms(values);
  const long = alternatives(known.filter(value => value.length >= shortest));
  const short = alternatives(known.filter(value => value.length < shortest));
  const whole = short && new RegExp(`(?<![A-Za-z0-9])(?:${short})(?![A-Za-z0-9])`, "g");
  const anywhere = long && new RegExp(long, "g");
  return text => {
    let clean = anywhere ? text.replace(anywhere, mark("secret")) : text;
    if (whole) clean = clean.replace(whole, mark("secret"));
    for (const [what, pattern, kept = ""] of patterns)
      clean = clean.replace(
        pattern,
        (...found: unknown[]) => `${kept.replace(/\$(\d)/g, (_, i) => String(found[Number(i)] ?? ""))}${mark(what)}`,
      );
    return clean;
  };
}

function alternatives(values: readonly string[]): string {
  return values.map(value => value.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|");
}

/** Longest first: no part of a longer one is left standing. */
function knownForms(values: Iterable<string>): string[] {
  const forms = new Set<string>();
  for (const given of values) {
    // Half a character is none, and in no file.
    const value = Buffer.from(given, "utf8").toString("utf8");
    const lines = value.split(/\r?\n/).filter(line => line.length >= shortestLine && !line.startsWith("-----"));
    for (const text of [value, value.trim(), ...lines]) {
      if (text === "") continue;
      const base64 = Buffer.from(text, "utf8").toString("base64");
      forms.add(text);
      forms.add(base64);
      forms.add(base64.replace(/=+$/, ""));
      forms.add(base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""));
      forms.add(encodeURIComponent(text));
      forms.add(JSON.stringify(text).slice(1, -1));
    }
  }
  return [...forms].filter(form => form !== "").toSorted((a, b) => b.length - a.length);
}
