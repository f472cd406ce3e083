/** Bytes of a piece: large enough that a write or read is worth its trip to another thread. */
export const PIECE_BYTES: number = 128 * 1024;
/** Pieces of one write, when few write. */
const MOST_PER_BATCH = 8;
/** Pieces that all writers together aim at: 16 MiB. */
const BUDGET = 128;
/** Pieces that are kept for later: 16 MiB. */
const MOST_FREE = 128;

/**
 * Memory that bodies pass through on their way to and from the disk, used again and again: made anew each time, it would lie
 * about until a collection, and leave the heap in holes. Chunks as they come from the network are copied into it at once.
 */
export class Pieces {
  readonly #free: Uint8Array[] = [];
  readonly #bytes: number;
  readonly #mostFree: number;
  #writers = 0;

  /** `bytes`: length of each; `mostFree`: how many are kept for later. */
  constructor(bytes: number = PIECE_BYTES, mostFree: number = MOST_FREE) {
    this.#bytes = bytes;
    this.#mostFree = mostFree;
  }

  /** A piece with whatever is in it. */
  take(): Uint8Array {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes);
  }

  /** Gives back a piece that nobody reads or writes any more. */
  give(piece: Uint8Array): void {
    if (this.#free.length < this.#mostFree) this.#free.push(piece);
  }

  /** Counts a writer until it is disposed of. */
  writer(): Disposable {
    this.#writers += 1;
    return {
      [Symbol.dispose]: () => {
        this.#writers -= 1;
      },
    };
  }

  /** How many pieces make a write: fewer the more write, and each fills one batch while another is written. */
  get perBatch(): number {
    return Math.max(1, Math.min(MOST_PER_BATCH, Math.floor(BUDGET / (2 * this.#writers))));
  }
}
