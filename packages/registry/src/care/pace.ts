import { setTimeout as sleep } from "node:timers/promises";

/** Holds work down to so many bytes a second. */
export class Pace {
  readonly #rate: number | undefined;
  #owedMs = 0;

  /** `rate` in bytes a second; without it nothing is held back. */
  constructor(rate: number | undefined) {
    this.#rate = rate;
  }

  /** Waits as long as these bytes may take; short waits are gathered. */
  async spend(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#rate === undefined) return;
    this.#owedMs += (bytes / this.#rate) * 1000;
    if (this.#owedMs < 20) return;
    const wait = this.#owedMs;
    this.#owedMs = 0;
    await sleep(wait, undefined, signal === undefined ? {} : { signal });
  }
}
