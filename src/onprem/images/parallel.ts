// Image phase: work at several things at once, never at more than was allowed; the first failure ends the rest.

/**
 * Works through `items` in their order, `limit` at once. When one fails the others are told by their signal, and waited for.
 * @throws the first failure
 */
export async function inParallel<Item>(
  items: readonly Item[],
  limit: number,
  signal: AbortSignal | undefined,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const ours = new AbortController();
  const stop = signal ? AbortSignal.any([signal, ours.signal]) : ours.signal;
  let next = 0;
  let failed: { error: unknown } | undefined;
  const worker = async () => {
    while (next < items.length && !stop.aborted) {
      const item = items[next++] as Item;
      try {
        await work(item, stop);
      } catch (error) {
        // What ends because of the first failure is none of its own.
        failed ??= { error };
        ours.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failed) throw failed.error;
  signal?.throwIfAborted();
}
