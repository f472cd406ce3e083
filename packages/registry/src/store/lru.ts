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

  /** Runs `change`, after which the file says `value`, or is gone when `value` is undefined. Changes of one key never overlap. */
  async change<T>(key: string, value: V | undefined, change: () => Promise<T>): Promise<T> {
    this.#changes += 1;
    this.#kept.delete(key);
    const result = await change();
    this.#changes += 1;
    if (value !== undefined) this.#kept.set(key, value);
    return result;
  }
}
