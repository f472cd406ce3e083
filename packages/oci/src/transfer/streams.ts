/** A blob waiting to be copied. */
interface Job {
  readonly order: number;
  readonly size: number;
  readonly host: string;
  readonly run: () => Promise<void>;
  readonly settle: (error: unknown) => void;
}

export interface StreamLimits {
  /** Copies at once. */
  readonly total: number;
  /** Copies from one host at once; the empty host is a disk. Asked each time, because gates narrow and widen. */
  readonly perHost: (host: string) => number;
}

/** Blobs from this size on count as large: the last of them should not start when everything else has ended. */
const LARGE_BYTES = 16 * 1024 * 1024;

/** Streams that take the largest blob of the window instead of the oldest image's: a quarter of the usual eight. */
const LARGE_STREAMS = 2;

/**
 * Decides which blob of the window is copied next. Most streams serve the oldest image, so that images complete steadily; a
 * few take the largest blob of the window, so that a huge one does not remain alone at the end.
 */
export class Streams {
  readonly #limits: StreamLimits;
  readonly #waiting = new Map<number, Job[]>();
  readonly #byHost = new Map<string, number>();
  #running = 0;
  #large = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /**
   * Copies when its turn comes.
   * @param job `order` is the image's place in the plan, `host` the source's
   */
  run(job: { readonly order: number; readonly size: number; readonly host: string | undefined }, task: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = this.#waiting.get(job.order) ?? [];
      const settle = (error: unknown): void => (error === undefined ? resolve() : reject(error));
      queue.push({ order: job.order, size: job.size, host: job.host ?? "", run: task, settle });
      queue.sort((a, b) => b.size - a.size);
      this.#waiting.set(job.order, queue);
      this.#start();
    });
  }

  #start(): void {
    while (this.#running < this.#limits.total) {
      const job = this.#takeLarge() ?? this.#takeOldest();
      if (job === undefined) return;
      void this.#execute(job);
    }
  }

  async #execute(job: Job): Promise<void> {
    const large = job.size >= LARGE_BYTES ? 1 : 0;
    this.#running++;
    this.#large += large;
    this.#byHost.set(job.host, (this.#byHost.get(job.host) ?? 0) + 1);
    let error: unknown;
    try {
      await job.run();
    } catch (caught) {
      error = caught;
    }
    this.#running--;
    this.#large -= large;
    this.#byHost.set(job.host, (this.#byHost.get(job.host) ?? 1) - 1);
    job.settle(error);
    this.#start();
  }

  #takeLarge(): Job | undefined {
    if (this.#large >= LARGE_STREAMS) return undefined;
    let best: Job | undefined;
    for (const queue of this.#waiting.values()) {
      const job = queue.find((item) => this.#mayRun(item));
      if (job !== undefined && job.size >= LARGE_BYTES && (best === undefined || job.size > best.size)) best = job;
    }
    return this.#take(best);
  }

  #takeOldest(): Job | undefined {
    let best: Job | undefined;
    for (const [order, queue] of this.#waiting) {
      if (best !== undefined && best.order < order) continue;
      best = queue.find((item) => this.#mayRun(item)) ?? best;
    }
    return this.#take(best);
  }

  #mayRun(job: Job): boolean {
    return (this.#byHost.get(job.host) ?? 0) < this.#limits.perHost(job.host);
  }

  #take(job: Job | undefined): Job | undefined {
    if (job === undefined) return undefined;
    const queue = this.#waiting.get(job.order);
    if (queue === undefined) return undefined;
    queue.splice(queue.indexOf(job), 1);
    if (queue.length === 0) this.#waiting.delete(job.order);
    return job;
  }
}
