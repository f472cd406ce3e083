import type { Gate, Gates, Slot } from "../gate.ts";
import type { Clock } from "./clock.ts";

interface Waiter {
  readonly admit: () => void;
}

/** What an answer says about the pace a host can take. */
export interface Pace {
  /** 429 or 503: slow down. */
  readonly overloaded: boolean;
  /** From `Retry-After`: nobody asks this host before it is over. */
  readonly pauseMs?: number | undefined;
  /** {@link AdaptiveGate.generation} when the request began, so that one burst of refusals slows the host once. */
  readonly generation: number;
}

/**
 * Bounds the requests in flight to one host and adapts to it: halves on 429 and 503, grows by one after as many good
 * answers as there are places, up to the maximum (additive increase, multiplicative decrease).
 */
export class AdaptiveGate implements Gate {
  readonly host: string;
  readonly #max: number;
  readonly #clock: Clock;
  readonly #queue: Waiter[] = [];
  #limit: number;
  #active = 0;
  #good = 0;
  #pausedUntil = 0;
  #generation = 0;
  #waking = false;

  constructor(host: string, max: number, clock: Clock) {
    this.host = host;
    this.#max = Math.max(1, max);
    this.#limit = this.#max;
    this.#clock = clock;
  }

  /** Places at the moment. */
  get limit(): number {
    return this.#limit;
  }

  /** Places taken. */
  get active(): number {
    return this.#active;
  }

  /** Counts the times this gate narrowed. */
  get generation(): number {
    return this.#generation;
  }

  acquire(signal?: AbortSignal): Promise<Slot> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    if (this.#queue.length === 0 && this.#active < this.#limit && this.#pauseLeft() <= 0) {
      this.#active += 1;
      return Promise.resolve(this.#slot());
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        admit: () => {
          signal?.removeEventListener("abort", leave);
          resolve(this.#slot());
        },
      };
      const leave = (): void => {
        const at = this.#queue.indexOf(waiter);
        if (at >= 0) this.#queue.splice(at, 1);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#queue.push(waiter);
      this.#wake();
    });
  }

  /** Waits until a pause that the host asked for is over; for requests that hold their place already. */
  async ready(signal?: AbortSignal): Promise<void> {
    for (let left = this.#pauseLeft(); left > 0; left = this.#pauseLeft()) await this.#clock.sleep(left, signal);
  }

  /** Learns from an answer. */
  report(pace: Pace): void {
    if (!pace.overloaded) {
      this.#good += 1;
      if (this.#good < this.#limit || this.#limit >= this.#max) return;
      this.#good = 0;
      this.#limit += 1;
      this.#wake();
      return;
    }
    if (pace.pauseMs !== undefined) this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + pace.pauseMs);
    if (pace.generation !== this.#generation) return;
    this.#generation += 1;
    this.#good = 0;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
  }

  #pauseLeft(): number {
    return this.#pausedUntil - this.#clock.now();
  }

  #slot(): Slot {
    let held = true;
    return {
      host: this.host,
      release: () => {
        if (!held) return;
        held = false;
        this.#active -= 1;
        this.#wake();
      },
    };
  }

  #wake(): void {
    const pause = this.#pauseLeft();
    if (pause > 0) {
      if (this.#waking || this.#queue.length === 0) return;
      this.#waking = true;
      void this.#clock.sleep(pause).then(() => {
        this.#waking = false;
        this.#wake();
      });
      return;
    }
    while (this.#active < this.#limit) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#active += 1;
      next.admit();
    }
  }
}

/** The gates of every host of a run. */
export class HostGates implements Gates {
  readonly #gates: Map<string, AdaptiveGate> = new Map();
  readonly #max: number;
  readonly #clock: Clock;

  constructor(maxPerHost: number, clock: Clock) {
    this.#max = maxPerHost;
    this.#clock = clock;
  }

  of(host: string): AdaptiveGate {
    const known = this.#gates.get(host);
    if (known !== undefined) return known;
    const gate = new AdaptiveGate(host, this.#max, this.#clock);
    this.#gates.set(host, gate);
    return gate;
  }
}
