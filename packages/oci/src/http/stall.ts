/** One wait that ends in a stall when nothing moves for too long. */
export interface Watched {
  /** Something moved, or the wait for the other side begins now; `extraMs` on top of the limit. */
  waiting(extraMs?: number): void;
  /** The other side owes nothing at the moment: the consumer or the source is slow, not the network. */
  resting(): void;
  end(): void;
}

/**
 * Finds transfers that stand still, by bytes and not by total time. One coarse timer serves every request: a timer per
 * chunk would cost more than the chunk.
 */
export class StallWatch {
  readonly #limitMs: number;
  readonly #watched: Set<{ deadline: number; readonly stalled: () => void }> = new Set();
  #timer: NodeJS.Timeout | undefined;

  /** `limitMs` 0 or less turns the watch off. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  watch(stalled: () => void): Watched {
    const entry = { deadline: Number.POSITIVE_INFINITY, stalled };
    if (this.#limitMs > 0) {
      this.#watched.add(entry);
      this.#timer ??= this.#start();
    }
    return {
      waiting: (extraMs = 0) => {
        entry.deadline = performance.now() + this.#limitMs + extraMs;
      },
      resting: () => {
        entry.deadline = Number.POSITIVE_INFINITY;
      },
      end: () => {
        this.#watched.delete(entry);
      },
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#watched.clear();
  }

  #start(): NodeJS.Timeout {
    const timer = setInterval(() => this.#look(), Math.max(20, Math.min(1000, this.#limitMs / 4)));
    timer.unref();
    return timer;
  }

  #look(): void {
    const now = performance.now();
    for (const entry of [...this.#watched]) {
      if (entry.deadline > now) continue;
      this.#watched.delete(entry);
      entry.stalled();
    }
    if (this.#watched.size === 0) this.close();
  }
}
