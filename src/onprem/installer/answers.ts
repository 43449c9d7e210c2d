// Installer's commands: what the user is asked, line by line on standard input.
import { createInterface } from "node:readline";
import { Failure } from "../../../toolchain/failure";
import type { Environment } from "../install/environment";
import type { RunOptions } from "./options";

export interface Answers extends Pick<Environment, "agree" | "confirm"> {
  /** Leaves standard input alone, so that the process can end. */
  close(): void;
}

/** What a line that says nothing means. */
export type Otherwise = "yes" | "no";

/**
 * A terminal is asked once the plan is shown. Elsewhere an uninstall needs `--yes`, and everything else goes on: it can be gone back on.
 * @param say shows a question; one line
 * @param cancelled ends the wait for an answer
 */
export function answers(
  { yes, confirmEach, json }: RunOptions,
  say: (question: string) => void,
  cancelled: AbortSignal,
): Answers {
  let lines: AsyncIterator<string> | undefined;
  let input: ReturnType<typeof createInterface> | undefined;
  const ask = async (question: string, otherwise: Otherwise): Promise<boolean> => {
    cancelled.throwIfAborted();
    say(`${question} ${otherwise === "yes" ? "[Y/n]" : "[y/N]"}`);
    input ??= createInterface({ input: process.stdin, terminal: false });
    lines ??= input[Symbol.asyncIterator]();
    const { value, done } = await orEnded(lines.next(), cancelled);
    if (done) return false;
    const text = String(value).trim();
    return text === "" ? otherwise === "yes" : /^(y|yes)$/i.test(text);
  };
  return {
    agree: async plan => {
      if (yes || confirmEach) return true;
      const isUninstall = plan.command === "uninstall";
      if (process.stdin.isTTY && !json) return ask("Go on?", isUninstall ? "no" : "yes");
      if (!isUninstall) return true;
      throw new Failure("nobody can be asked whether to remove all this", "Type the same command with --yes.");
    },
    confirm: async step => !confirmEach || ask(`Go on with ${step.title}?`, "yes"),
    close: () => input?.close(),
  };
}

/** @throws Failure once the signal fires */
async function orEnded<Value>(answer: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let end = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = () => reject(new Failure("interrupted", "Nothing more was begun. Type the same command again to go on."));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
  try {
    return await Promise.race([answer, ended]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
