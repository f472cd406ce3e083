import { padded, TAR_BLOCK } from "../store/tar/tar-header.ts";

/** Largest volume that every FAT32 disk takes, a little below its 4 GiB. */
export const DEFAULT_VOLUME_BYTES: number = 4095 * 1024 * 1024;

/** No volume is smaller: a header, a short manifest and the end mark fit. */
export const MIN_VOLUME_BYTES: number = 16 * 1024;

/**
 * Cuts one logical tar into volumes. An entry that fits a volume lies in one; a larger one begins where the last ended and
 * continues in the next volumes. Positions count bytes from the begin of the logical tar, which is the volumes put together.
 */
export class Cutter {
  readonly #limit: number;
  readonly #starts: number[] = [0];
  #position = 0;

  /** @param limit bytes of a volume; rounded down to whole tar blocks */
  constructor(limit: number) {
    this.#limit = Math.max(MIN_VOLUME_BYTES, Math.floor(limit / TAR_BLOCK) * TAR_BLOCK);
  }

  /** Where each volume begins, the first at 0. */
  get starts(): readonly number[] {
    return this.#starts;
  }

  /** End of what was placed so far. */
  get position(): number {
    return this.#position;
  }

  /** Reserves room for an entry with a body of `size` bytes; returns the position of its header. */
  entry(size: number): number {
    return this.#reserve(TAR_BLOCK + padded(size));
  }

  /** True when an entry of this size and the end mark after it lie in the volume that is being filled. */
  fits(size: number): boolean {
    return this.#limit - (this.#position - this.#lastStart()) >= TAR_BLOCK + padded(size) + 2 * TAR_BLOCK;
  }

  /** Begins a new volume, unless this one is empty. */
  cut(): void {
    if (this.#position > this.#lastStart()) this.#starts.push(this.#position);
  }

  /** Reserves room for the two blocks of zeros that end a tar. */
  end(): number {
    return this.#reserve(2 * TAR_BLOCK);
  }

  #reserve(bytes: number): number {
    const free = this.#limit - (this.#position - this.#lastStart());
    const isLarge = bytes > this.#limit;
    if (free < (isLarge ? 2 * TAR_BLOCK : bytes)) this.#starts.push(this.#position);
    const start = this.#position;
    this.#position += bytes;
    while (this.#position - this.#lastStart() > this.#limit) this.#starts.push(this.#lastStart() + this.#limit);
    return start;
  }

  #lastStart(): number {
    return this.#starts.at(-1) ?? 0;
  }
}

/** Number, from 0, of the volume that holds a position. */
export function volumeOf(starts: readonly number[], position: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
