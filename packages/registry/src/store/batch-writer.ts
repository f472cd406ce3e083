import type { OpenFile } from "./open-file.ts";
import type { Pieces } from "./pieces.ts";

/** After so many bytes the disk is asked to begin with them: left to the end, a large blob waits there for all of itself. */
const SYNC_BYTES = 64 * 1024 * 1024;

export interface HowToWrite {
  readonly pieces: Pieces;
  /** Called with all that is added, in order, in pieces that are worth a call: what comes over TLS comes in chunks of 16 KB. */
  readonly seen: (bytes: Uint8Array) => void;
  /** Called with the position up to which everything is written. */
  readonly written: (position: number) => void;
}

/** Gathers small chunks into large writes, and keeps one write under way while the next batch fills. */
export class BatchWriter {
  readonly #file: OpenFile;
  readonly #pieces: Pieces;
  readonly #counted: Disposable;
  readonly #how: HowToWrite;
  #batch: Uint8Array[] = [];
  /** The piece that is being filled, and how far it is. */
  #piece: Uint8Array | undefined;
  #filled = 0;
  #position: number;
  #writing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #synced: number;

  constructor(file: OpenFile, position: number, how: HowToWrite) {
    this.#file = file;
    this.#position = position;
    this.#synced = position;
    this.#pieces = how.pieces;
    this.#how = how;
    this.#counted = how.pieces.writer();
  }

  /** Copies a chunk; a promise only when the caller has to wait for the disk. */
  add(chunk: Uint8Array): Promise<void> | undefined {
    for (let at = 0; at < chunk.byteLength; ) {
      this.#piece ??= this.#pieces.take();
      const part = chunk.subarray(at, at + this.#piece.byteLength - this.#filled);
      this.#piece.set(part, this.#filled);
      at += part.byteLength;
      this.#filled += part.byteLength;
      if (this.#filled === this.#piece.byteLength) this.#endPiece(this.#piece);
    }
    return this.#batch.length < this.#pieces.perBatch ? undefined : this.#flush();
  }

  #endPiece(piece: Uint8Array): void {
    this.#how.seen(piece);
    this.#batch.push(piece);
    this.#piece = undefined;
    this.#filled = 0;
  }

  /**
   * Lets the pieces that are full be written after what is being written, and `last` after them. Returns what the caller has to
   * wait for before it fills more: the write before.
   */
  #flush(last?: Uint8Array): Promise<void> | undefined {
    const batch = this.#batch;
    this.#batch = [];
    const before = this.#writing;
    this.#writing = before === undefined ? this.#write(batch, last) : before.then(() => this.#write(batch, last));
    // The failure is seen by whoever waits for the write next.
    this.#writing.catch(() => undefined);
    return before;
  }

  async #write(batch: readonly Uint8Array[], last: Uint8Array | undefined): Promise<void> {
    const chunks = last === undefined ? batch : [...batch, last];
    const end = chunks.reduce((sum, chunk) => sum + chunk.byteLength, this.#position);
    try {
      await this.#file.write(chunks, this.#position);
    } finally {
      for (const piece of batch) this.#pieces.give(piece);
    }
    this.#position = end;
    this.#how.written(end);
    this.#syncEarly();
  }

  /** One at a time and beside the writes. A failure is told once, here, so it is kept for the end. */
  #syncEarly(): void {
    if (this.#syncing !== undefined || this.#position - this.#synced < SYNC_BYTES) return;
    this.#synced = this.#position;
    const syncing = this.#file.sync().then(() => {
      this.#syncing = undefined;
    });
    syncing.catch(() => undefined);
    this.#syncing = syncing;
  }

  /** Writes what is left and waits for it. Called once, also after a failure. */
  async end(): Promise<void> {
    const piece = this.#piece;
    const last = piece?.subarray(0, this.#filled);
    try {
      if (last !== undefined) this.#how.seen(last);
      void this.#flush(last);
      await this.#writing;
      await this.#syncing;
    } finally {
      // The file may be closed next: nothing is at work on it any more.
      await this.#syncing?.catch(() => undefined);
      if (piece !== undefined) this.#pieces.give(piece);
      this.#counted[Symbol.dispose]();
    }
  }
}
