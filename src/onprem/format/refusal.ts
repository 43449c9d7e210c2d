// Bundle format: why a bundle is not accepted. Whoever opens one says which, and what to type next.
import { Failure } from "../../../toolchain/failure";

export class Refusal extends Failure {
  /**
   * @param found what was found, and where
   * @param allowed what would have been accepted
   * @param next what to do instead of fetching the bundle again, where that would not help
   * @param adding what makes the same command succeed, such as `--base FILE`; it is then told with it
   */
  constructor(
    readonly found: string,
    readonly allowed: string,
    readonly next?: string,
    readonly adding?: string,
  ) {
    super(found, [`Allowed: ${allowed}`, next, adding && `Add: ${adding}`].filter(Boolean).join("\n"));
  }
}

/** Text of others, shown in ASCII, so that it can neither forge a line, nor fill a screen, nor look like what it is not. */
export function shown(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 100)}...` : text;
  return JSON.stringify(short).replace(
    /[^\x20-\x7e]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
