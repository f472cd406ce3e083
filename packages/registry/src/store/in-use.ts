import type { Digest } from "@skerry/oci";

/** A lease is written to disk again after this share of its length, so that looks do not cost a write each. */
const REFRESH_SHARE = 0.25;

/**
 * What a push in progress relies on. A blob that was looked at, mounted or uploaded in a repository is leased there until a
 * manifest names it or the lease runs out; a manifest being stored pins its contents. A collection leaves both alone.
 */
export class InUse {
  readonly #leaseMs: number;
  readonly #now: () => number;
  readonly #leases = new Map<string, number>();
  readonly #pins = new Map<Digest, number>();
  readonly #collections = new Set<Set<Digest>>();
  readonly #swept = new Map<string, number>();

  constructor(leaseMs: number, now: () => number) {
    this.#leaseMs = leaseMs;
    this.#now = now;
  }

  /**
   * Notes a use; true when it is worth a note on disk. That a collection took the blob a moment ago stays noted: a look may
   * have seen it just before.
   */
  lease(repository: string, digest: Digest): boolean {
    const key = `${repository}@${digest}`;
    const before = this.#leases.get(key);
    const now = this.#now();
    this.#leases.delete(key);
    this.#leases.set(key, now);
    this.#forgetOld(this.#leases, now);
    return before === undefined || now - before > this.#leaseMs * REFRESH_SHARE;
  }

  isLeased(repository: string, digest: Digest): boolean {
    const since = this.#leases.get(`${repository}@${digest}`);
    return since !== undefined && this.#now() - since < this.#leaseMs;
  }

  /** Ends a lease: a manifest names the blob now, or named it and was deleted. */
  release(repository: string, digest: Digest): void {
    this.#leases.delete(`${repository}@${digest}`);
  }

  /** Milliseconds a use counts. */
  get leaseMs(): number {
    return this.#leaseMs;
  }

  /** Runs `work` while no collection takes any of the digests; a running one counts them as used to its end. */
  async pinned<T>(digests: readonly Digest[], work: () => Promise<T>): Promise<T> {
    for (const digest of digests) {
      this.#pins.set(digest, (this.#pins.get(digest) ?? 0) + 1);
      this.linked(digest);
    }
    try {
      return await work();
    } finally {
      for (const digest of digests) this.#unpin(digest);
    }
  }

  isPinned(digest: Digest): boolean {
    return this.#pins.has(digest);
  }

  /** Tells a collection, as long as it runs, of everything that is pinned or linked from now on. */
  watch(used: Set<Digest>): Disposable {
    this.#collections.add(used);
    for (const digest of this.#pins.keys()) used.add(digest);
    return { [Symbol.dispose]: () => this.#collections.delete(used) };
  }

  /** Tells running collections that a repository holds this blob from now on. */
  linked(digest: Digest): void {
    for (const used of this.#collections) used.add(digest);
  }

  /** Notes that a collection took a blob from a repository: a push that saw it there a moment ago must not rely on it. */
  swept(repository: string, digest: Digest): void {
    const now = this.#now();
    this.#swept.set(`${repository}@${digest}`, now);
    this.#forgetOld(this.#swept, now);
  }

  wasSwept(repository: string, digest: Digest): boolean {
    return this.#swept.has(`${repository}@${digest}`);
  }

  /** Maps keep insertion order, so the oldest are in front. */
  #forgetOld(times: Map<string, number>, now: number): void {
    for (const [key, at] of times) {
      if (now - at < this.#leaseMs) return;
      times.delete(key);
    }
  }

  #unpin(digest: Digest): void {
    const left = (this.#pins.get(digest) ?? 1) - 1;
    if (left > 0) this.#pins.set(digest, left);
    else this.#pins.delete(digest);
  }
}
