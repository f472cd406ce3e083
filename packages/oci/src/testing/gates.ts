import type { Gate, Gates, Slot } from "../gate.ts";

/** Gates with a fixed number of places that remember the most that were held at once. */
export class FixedGates implements Gates {
  readonly #places: number;
  readonly #held = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly most: Map<string, number> = new Map<string, number>();

  constructor(places: number) {
    this.#places = places;
  }

  /** Places that are held now, over all hosts. */
  get held(): number {
    return [...this.#held.values()].reduce((sum, count) => sum + count, 0);
  }

  of(host: string): Gate {
    return { host, acquire: () => this.#acquire(host) };
  }

  async #acquire(host: string): Promise<Slot> {
    while ((this.#held.get(host) ?? 0) >= this.#places) {
      await new Promise<void>((resolve) => this.#waiting.set(host, [...(this.#waiting.get(host) ?? []), resolve]));
    }
    const now = (this.#held.get(host) ?? 0) + 1;
    this.#held.set(host, now);
    this.most.set(host, Math.max(now, this.most.get(host) ?? 0));
    return { host, release: () => this.#release(host) };
  }

  #release(host: string): void {
    this.#held.set(host, (this.#held.get(host) ?? 1) - 1);
    this.#waiting.get(host)?.shift()?.();
  }
}
