import { PIECE_BYTES, Pieces } from "./pieces.ts";
import { release } from "./release.ts";

/** Sending costs a third less in pieces of this size than in small ones, and no less in larger ones. */
const LARGE_BYTES = 512 * 1024;
/** As long as so few read, each has two pieces: one is filled while the other is sent. With more, somebody always sends. */
const FEW = 8;
/** So many large pieces are in use or kept at most: 16 MiB. Who comes then has small ones. */
const MOST_LARGE = 32;

/** Buffers of one reader. */
export interface ReadLease extends Disposable {
  /** One or two, of the same length, with whatever is in them. */
  readonly buffers: readonly Uint8Array[];
  /** Says that nobody reads or writes the buffers any more, so that others may have them. */
  giveBack(): void;
}

/** Memory that blobs pass through on their way from the disk: large pieces for the few, small ones for the many. */
export class ReadBuffers {
  readonly #large = new Pieces(LARGE_BYTES, MOST_LARGE);
  readonly #small: Pieces;
  #readers = 0;
  #largeInUse = 0;

  /** `small`: where small pieces come from. */
  constructor(small: Pieces) {
    this.#small = small;
  }

  /** Buffers to read `size` bytes with. Disposing of the lease counts the reader off, whether it has given back or not. */
  lease(size: number): ReadLease {
    const isLarge = size > PIECE_BYTES && this.#largeInUse < MOST_LARGE;
    const pieces = isLarge ? this.#large : this.#small;
    const length = isLarge ? LARGE_BYTES : PIECE_BYTES;
    // A small blob needs no more memory than it has bytes.
    const own = size < PIECE_BYTES;
    const count = size <= length || (isLarge && this.#readers >= FEW) ? 1 : 2;
    const buffers = Array.from({ length: count }, () => (own ? Buffer.allocUnsafe(size) : pieces.take()));
    this.#readers += 1;
    if (isLarge) this.#largeInUse += count;
    return {
      buffers,
      giveBack: () => {
        for (const buffer of buffers) {
          if (own) release(buffer);
          else pieces.give(buffer);
        }
      },
      [Symbol.dispose]: () => {
        this.#readers -= 1;
        if (isLarge) this.#largeInUse -= count;
      },
    };
  }
}
