/** Locks by name: what holds the same name runs one after the other, everything else at once. */
export class Locks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` when everybody who asked for `name` before is done. */
  async with<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tails.set(name, promise);
    if (before !== undefined) await before;
    try {
      return await work();
    } finally {
      resolve();
      if (this.#tails.get(name) === promise) this.#tails.delete(name);
    }
  }

  /** The same for several names. Who asks for one of them while holding another has to ask in the order of the alphabet. */
  async withAll<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const [first, ...rest] = [...names].sort();
    return first === undefined ? work() : this.with(first, () => this.withAll(rest, work));
  }

  /** How many names are held or waited for. */
  get size(): number {
    return this.#tails.size;
  }
}
