// Installer's commands: a command line as it was typed, so that it can be typed again with nothing of it lost. Pure.

/** @param words the arguments, such as `["upgrade", "b.tar", "--key", "vendor.pub"]` */
export function typed(words: readonly string[]): string {
  return ["palisade", ...words.map(quoted)].join(" ");
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
