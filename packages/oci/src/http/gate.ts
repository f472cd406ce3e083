import type { Gate, Gates, Slot } from "../gate.ts";
import { AnswerTimes } from "./answer-times.ts";
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

/** Places of one host. */
export interface Places {
  /** At the beginning. */
  readonly start: number;
  /** As many as they may become at a host that is far away and not at its limit; `start` when missing. */
  readonly most?: number | undefined;
}

/** A slow host keeps this many: time alone never brings a copy to a halt. */
const LEAST_WHEN_SLOW = 2;

/**
 * Bounds the requests in flight to one host and adapts to it: halves on 429, on 503 and when answers take far longer than
 * they did; grows by one after as many good answers as there are places, back to where it began (additive increase,
 * multiplicative decrease). Beyond that only where the way is what takes time, at once, and never after a refusal.
 */
export class AdaptiveGate implements Gate {
  readonly host: string;
  readonly times: AnswerTimes = new AnswerTimes();
  readonly #start: number;
  readonly #clock: Clock;
  readonly #queue: Waiter[] = [];
  #most: number;
  #limit: number;
  #active = 0;
  #good = 0;
  #pausedUntil = 0;
  #generation = 0;
  #waking = false;

  constructor(host: string, places: Places, clock: Clock) {
    this.host = host;
    this.#start = Math.max(1, places.start);
    this.#most = Math.max(this.#start, places.most ?? 0);
    this.#limit = this.#start;
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
      if (this.#good >= this.#limit) this.#round();
      return;
    }
    this.#most = this.#start;
    if (pace.pauseMs !== undefined) this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + pace.pauseMs);
    if (pace.generation === this.#generation) this.#narrow(1);
  }

  /** As many good answers as there are places. */
  #round(): void {
    this.#good = 0;
    if (this.times.isUndecided) return;
    if (this.times.isSlow) {
      if (this.#limit > LEAST_WHEN_SLOW) this.#narrow(LEAST_WHEN_SLOW);
      this.times.restart();
      return;
    }
    // Places that nobody takes say nothing about what the host can bear.
    const mayGrow = this.#limit < this.#start || (this.#limit < this.#most && this.#active >= this.#limit && this.times.isFar);
    if (!mayGrow) return;
    this.#limit = this.#limit < this.#start ? this.#limit + 1 : this.#most;
    this.#wake();
  }

  #narrow(least: number): void {
    this.#generation += 1;
    this.#good = 0;
    this.#limit = Math.max(least, Math.floor(this.#limit / 2));
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
  readonly #places: Places;
  readonly #clock: Clock;

  constructor(places: Places, clock: Clock) {
    this.#places = places;
    this.#clock = clock;
  }

  of(host: string): AdaptiveGate {
    const known = this.#gates.get(host);
    if (known !== undefined) return known;
    const gate = new AdaptiveGate(host, this.#places, this.#clock);
    this.#gates.set(host, gate);
    return gate;
  }
}
