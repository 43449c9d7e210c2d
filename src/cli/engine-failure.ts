// CLI: what the engine's own error means for the one who typed the command, and what to type next.
import { join } from "node:path";
import { Failure } from "../../toolchain/failure";
import type { RunResult } from "../../toolchain/run";
import type { LocalStack } from "../../toolchain/stack";

interface Known {
  pattern: RegExp;
  what: (stack: LocalStack) => string;
  fix: (stack: LocalStack) => string;
}

const known: Known[] = [
  {
    pattern: /incorrect passphrase|passphrase must be set|cipher: message authentication failed/,
    what: stack =>
      `the passphrase in ${join(stack.directory, "passphrase")} does not open the state of stack \`${stack.name}\``,
    fix: stack =>
      `Put the right passphrase back into that file. If it is lost, so are the stack's secrets; start afresh:\nrm -r ${stack.directory} && npm start`,
  },
  {
    pattern: /the stack is currently locked/,
    what: stack => `stack \`${stack.name}\` is locked: an engine is at work on it, or was killed`,
    fix: stack => `If none is at work:\neval "$(npx palisade env)" && pulumi cancel --yes --stack ${stack.name}`,
  },
  {
    pattern: /connection refused|ECONNREFUSED|connect: |does not answer/,
    what: () => "the local AWS stopped answering",
    fix: () => "What was made before that is in the state; the next run goes on from there:\nnpm start",
  },
  {
    pattern: /does not satisfy|required Pulumi CLI version/i,
    what: () => "the engine is too old for this project",
    fix: () => "Take it off PATH, so that the right one is made:\nnpx palisade toolchain",
  },
];

/** The failure to show for an engine command that did not end well. */
export function engineFailure(stack: LocalStack, result: RunResult): Failure {
  const text = `${result.stdout}\n${result.stderr}`;
  const match = known.find(k => k.pattern.test(text));
  if (match) return new Failure(match.what(stack), match.fix(stack));
  return new Failure(
    `the engine ended with ${result.code}; its reason stands above`,
    "Nothing is half-written: what was made is in the state. Mend the cause and run the same command again.",
  );
}
