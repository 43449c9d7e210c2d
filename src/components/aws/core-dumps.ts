// AWS components: a process that leaves no core dump, though it holds what must not reach a disk (SP-6). Pure.

/**
 * Tries `prlimit` first, since a limit of one byte is the only one that also keeps the kernel from piping a dump to a
 * handler; a shell can count in blocks only.
 */
const script =
  'if command -v prlimit >/dev/null; then exec prlimit --core=1:1 "$@"; fi; ulimit -c 0 || exit 1; exec "$@"';

/**
 * A command that starts another with core dumps off, for itself and for good: a process without privileges cannot raise
 * its hard limit again. Fargate keeps the operating system's limits, whatever `ulimits` of a task definition say, except
 * `nofile`. Needs `/bin/sh` in the image.
 */
export function withoutCoreDumps(command: readonly string[]): string[] {
  return ["/bin/sh", "-c", script, "sh", ...command];
}
