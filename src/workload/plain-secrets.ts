// Workload model: what a secret in plain text looks like, by its name or by its value. Pure; errs on the side of suspicion (PF-7).

/** Parts of a variable's name, between underscores, that announce a secret. */
const secretWords = new Set([
  "APIKEY",
  "CREDENTIAL",
  "CREDENTIALS",
  "DSN",
  "KEY",
  "KEYS",
  "PASSPHRASE",
  "PASSWD",
  "PWD",
  "TOKEN",
]);

/** Last words of a name that make a plain number harmless: `TOKEN_TTL_SECONDS: "900"`. */
const quantities = new Set(["BYTES", "COUNT", "DAYS", "HOURS", "LIMIT", "MINUTES", "SECONDS", "TTL"]);

export function looksSecretByName(name: string, value: string): boolean {
  const words = name.toUpperCase().split("_");
  if (quantities.has(words.at(-1) ?? "") && /^\d{1,9}$/.test(value)) return false;
  return words.some(word => secretWords.has(word) || /PASSWORD|SECRET|PRIVATE/.test(word));
}

/** Kinds of secret that give themselves away by their form. */
const forms: readonly RegExp[] = [
  // AWS access key ids.
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b/,
  // PEM private keys of any kind.
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/,
  // JSON Web Tokens: header and payload are base64url of a JSON object.
  /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}/,
  // URLs with a user and a password, or with a credential among the query parameters.
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]*:[^\s/?#@]+@/i,
  /[?&](access_?key|api_?key|key|password|secret|sig|signature|token)=[^&\s]+/i,
  // Tokens with a registered prefix: GitHub, GitLab, Slack, Stripe, npm, Google, Pulumi.
  /\b(gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,})/,
  /\b([rs]k_(live|test)_[A-Za-z0-9]{16,}|npm_[A-Za-z0-9]{30,}|AIza[\w-]{30,}|pul-[0-9a-f]{40})/,
];

export function looksSecretByValue(value: string): boolean {
  return forms.some(form => form.test(value));
}
