import type { Root } from "./types.ts";

export interface WindowOptions {
  /** Roots that are worked on at the same time. */
  readonly window: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Works on roots in order, a window of them at a time. Roots of a later phase are held back until every root of the earlier
 * ones has ended; only they are kept in memory. Stops taking roots when the signal says so.
 */
export async function inPhases(
  roots: Iterable<Root> | AsyncIterable<Root>,
  work: (root: Root, order: number) => Promise<void>,
  options: WindowOptions,
): Promise<void> {
  let order = 0;
  const later = new Map<number, Root[]>();
  const first = inWindow(held(roots, later), (root) => work(root, order++), options);
  await first;
  for (const phase of [...later.keys()].sort((a, b) => a - b)) {
    await inWindow(listed(later.get(phase) ?? []), (root) => work(root, order++), options);
  }
}

/** Passes the roots of phase 0 on and puts the others aside. */
async function* held(roots: Iterable<Root> | AsyncIterable<Root>, later: Map<number, Root[]>): AsyncGenerator<Root> {
  for await (const root of roots) {
    const phase = root.phase ?? 0;
    if (phase <= 0) yield root;
    else later.set(phase, [...(later.get(phase) ?? []), root]);
  }
}

async function* listed(roots: readonly Root[]): AsyncGenerator<Root> {
  yield* roots;
}

async function inWindow(roots: AsyncIterable<Root>, work: (root: Root) => Promise<void>, options: WindowOptions): Promise<void> {
  const active = new Set<Promise<void>>();
  let freed: (() => void) | undefined;
  let failure: unknown;
  for await (const root of roots) {
    if (options.signal?.aborted || failure !== undefined) break;
    const running = work(root)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => {
        active.delete(running);
        freed?.();
      });
    active.add(running);
    // A race would leave a reaction on each of them every time.
    if (active.size >= options.window) await new Promise<void>((resolve) => (freed = resolve));
  }
  await Promise.all(active);
  if (failure !== undefined) throw failure;
}
