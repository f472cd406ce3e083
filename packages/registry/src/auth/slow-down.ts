const FIRST_MS = 250;
const LONGEST_MS = 8000;
const FORGET_MS = 10 * 60_000;
const ADDRESSES = 10_000;
const WAITING_PER_ADDRESS = 16;

/** Makes each wrong password of one address wait longer than the one before; a right one clears it. */
export class SlowDown {
  readonly #now: () => number;
  readonly #failures = new Map<string, { count: number; at: number; waiting: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** True when so many answers to this address are being held back that the next one is refused outright. */
  isFlooding(address: string): boolean {
    return (this.#failures.get(address)?.waiting ?? 0) >= WAITING_PER_ADDRESS;
  }

  succeeded(address: string): void {
    this.#failures.delete(address);
  }

  /** Notes a failure and waits before it is answered. */
  async failed(address: string): Promise<void> {
    const now = this.#now();
    const before = this.#failures.get(address);
    const entry = before === undefined || now - before.at > FORGET_MS ? { count: 0, at: now, waiting: before?.waiting ?? 0 } : before;
    entry.count += 1;
    entry.at = now;
    this.#failures.delete(address);
    this.#failures.set(address, entry);
    this.#forget();
    entry.waiting += 1;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, Math.min(FIRST_MS * 2 ** (entry.count - 1), LONGEST_MS)).unref();
    });
    entry.waiting -= 1;
  }

  #forget(): void {
    const oldest = this.#failures.keys().next().value;
    if (this.#failures.size > ADDRESSES && oldest !== undefined) this.#failures.delete(oldest);
  }
}
