/** A map that forgets what was not asked for longest, once the weights add up to more than the limit. */
export class Lru<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly weight: number }>();
  readonly #limit: number;
  #weight = 0;

  /** `limit`: sum of weights that is kept; an entry weighs 1 unless said otherwise. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: V, weight = 1): void {
    this.delete(key);
    if (weight > this.#limit) return;
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const [oldest, { weight: freed }] of this.#entries) {
      if (this.#weight <= this.#limit) return;
      this.#entries.delete(oldest);
      this.#weight -= freed;
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }

  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }
}

/** Remembers what a file says, unless somebody changed a file while it was being read. */
export class FileMemory<V> {
  readonly #kept: Lru<V>;
  #changes = 0;

  constructor(limit: number) {
    this.#kept = new Lru(limit);
  }

  /** What is remembered, else what `read` finds, remembered from then on. */
  async get(key: string, read: () => Promise<V | undefined>): Promise<V | undefined> {
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const changes = this.#changes;
    const found = await read();
    if (found !== undefined && changes === this.#changes) this.#kept.set(key, found);
    return found;
  }

  /**
   * Says that the file of `key` is about to change. Call what it returns when the file says `value` (gone: undefined), or when the
   * change has failed and nobody knows. Changes of one key never overlap.
   */
  changing(key: string, value: V | undefined): (done: boolean) => void {
    this.#changes += 1;
    this.#kept.delete(key);
    return (done) => {
      this.#changes += 1;
      // A look that was quick enough to begin and end meanwhile has left what the file said before.
      this.#kept.delete(key);
      if (done && value !== undefined) this.#kept.set(key, value);
    };
  }

  /** Runs `change`, after which the file says `value`, or is gone when `value` is undefined. */
  async change<T>(key: string, value: V | undefined, change: () => Promise<T>): Promise<T> {
    const settle = this.changing(key, value);
    let done = false;
    try {
      const result = await change();
      done = true;
      return result;
    } finally {
      settle(done);
    }
  }
}
