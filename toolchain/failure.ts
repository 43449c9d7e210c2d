// Toolchain: a failure the user can mend, told apart from a defect of ours.

/** Ends a command with exit code 1 and this text alone; anything else thrown also shows its stack. */
export class Failure extends Error {
  override readonly name = "Failure";

  /**
   * @param what what was found, in one line
   * @param fix what to do about it; the last line is a command to type, where there is one; empty if `what` says it
   */
  constructor(
    readonly what: string,
    readonly fix: string,
  ) {
    super(fix ? `${what}\n${fix}` : what);
  }
}
