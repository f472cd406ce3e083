/**
 * Runs `work` over items, at most `limit` at once, and yields the results in the order of the items: a slow one holds back
 * at most `limit` finished ones. The first fault ends the iteration; what still runs is waited for.
 */
export async function* pooled<Item, Result>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  try {
    for (const item of items) {
      const started = work(item);
      // A fault is met when its turn comes; until then it is not unhandled.
      started.catch(() => undefined);
      running.push(started);
      if (running.length >= limit) yield await (running.shift() as Promise<Result>);
    }
    while (running.length > 0) yield await (running.shift() as Promise<Result>);
  } finally {
    await Promise.allSettled(running);
  }
}
