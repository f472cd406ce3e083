import { setImmediate } from "node:timers/promises";

/** Bytes of work between two turns: a few milliseconds. */
const TURN_BYTES: number = 2 << 20;

/**
 * Gives signals, timers and sockets their turn. Catalogs are read without waiting, since the trip of a read to another
 * thread and back costs more than the read; so somebody has to let go now and then.
 */
export class Turns {
  #bytes = 0;

  /** Counts work; waits for one turn of the event loop after each few megabytes of it. */
  async spent(bytes: number): Promise<void> {
    this.#bytes += bytes;
    if (this.#bytes < TURN_BYTES) return;
    this.#bytes = 0;
    await setImmediate();
  }
}
