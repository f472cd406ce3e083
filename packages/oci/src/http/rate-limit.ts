import type { Clock } from "./clock.ts";

/** A token bucket of bytes over every connection of a run. */
export class RateLimit {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  #allowance: number;
  #last: number;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#allowance = bytesPerSecond / 4;
    this.#last = clock.now();
  }

  /** Takes `bytes`, waiting while the bucket is in debt. Waiters queue up by going further into debt. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const earned = (Math.max(0, now - this.#last) / 1000) * this.#bytesPerSecond;
    this.#allowance = Math.min(this.#bytesPerSecond / 4, this.#allowance + earned) - bytes;
    this.#last = now;
    if (this.#allowance < 0) await this.#clock.sleep((-this.#allowance / this.#bytesPerSecond) * 1000, signal);
  }
}
