// Installer: work in the order that a graph asks for, several at once. Pure but for the work itself.

/** Requests under way at once; an API server throttles who sends many more. */
export const atOnce = 8;

/**
 * Does each task once those it waits for are done; what nobody knows is not waited for.
 *
 * Nothing new begins after a failure; what is under way is waited for, so that nobody writes once this has ended.
 * @param waitsFor keys of what each task waits for, by its own key
 * @throws what the first task threw that failed; Error naming tasks that wait for each other
 */
export async function inOrder<Task>(
  tasks: ReadonlyMap<string, Task>,
  waitsFor: ReadonlyMap<string, readonly string[]>,
  work: (task: Task, key: string) => Promise<void>,
  limit = atOnce,
): Promise<void> {
  const open = new Map(
    [...tasks.keys()].map(key => [
      key,
      new Set((waitsFor.get(key) ?? []).filter(other => tasks.has(other) && other !== key)),
    ]),
  );
  const running = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  while (open.size > 0 || running.size > 0) {
    if (failures.length === 0)
      for (const [key, needs] of open) {
        if (running.size >= limit) break;
        if (needs.size > 0) continue;
        open.delete(key);
        const task = tasks.get(key) as Task;
        running.set(
          key,
          // Within a promise, so that a throw before the first wait is caught too.
          Promise.resolve()
            .then(() => work(task, key))
            .then(
              () => {
                for (const other of open.values()) other.delete(key);
              },
              (error: unknown) => {
                failures.push(error);
              },
            )
            .finally(() => running.delete(key)),
        );
      }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (failures.length > 0) throw failures[0];
  if (open.size > 0) throw new Error(`these wait for each other: ${[...open.keys()].join(", ")}`);
}

/** The same graph the other way round: what was made last goes first. */
export function reversed(waitsFor: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  const turned = new Map<string, string[]>([...waitsFor.keys()].map(key => [key, []]));
  for (const [key, others] of waitsFor) for (const other of others) turned.get(other)?.push(key);
  return turned;
}
