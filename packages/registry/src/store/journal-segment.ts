import { errorCode, type FileSystem } from "./files.ts";
import type { OpenFile } from "./open-file.ts";

/** So many bytes are added to a segment at a time: a sync of bytes that the file has already need not sync the file's size. */
const GROW_BYTES = 256 * 1024;

/** One file of the journal: records one after the other, and zeros behind them. */
export class JournalSegment {
  readonly path: string;
  /** Absolute paths of what its records change. */
  readonly changed: Set<string> = new Set();
  readonly #file: OpenFile | undefined;
  #end = 0;
  #allocated = 0;
  #applying = 0;
  #onApplied: (() => void) | undefined;

  private constructor(path: string, file: OpenFile | undefined) {
    this.path = path;
    this.#file = file;
  }

  static async create(files: FileSystem, path: string): Promise<JournalSegment> {
    return new JournalSegment(path, await files.open(path, "update"));
  }

  /** A segment of an earlier process, to which nothing is added. */
  static found(path: string): JournalSegment {
    return new JournalSegment(path, undefined);
  }

  /** Bytes of its records. */
  get size(): number {
    return this.#end;
  }

  /** Adds records; they are stable when it returns. When it fails, they may be there or not. */
  async append(records: readonly Uint8Array[]): Promise<void> {
    const end = records.reduce((sum, piece) => sum + piece.byteLength, this.#end);
    if (end <= this.#allocated) await this.#file?.write(records, this.#end);
    else await this.#grow(records, end);
    await this.#file?.sync();
    this.#end = end;
  }

  async #grow(records: readonly Uint8Array[], end: number): Promise<void> {
    const allocated = Math.ceil(end / GROW_BYTES) * GROW_BYTES;
    try {
      await this.#file?.write([...records, Buffer.alloc(allocated - end)], this.#end);
      this.#allocated = allocated;
    } catch (error) {
      if (!["ENOSPC", "EDQUOT"].includes(errorCode(error) ?? "")) throw error;
      // On a nearly full disk the records themselves may still find room.
      await this.#file?.write(records, this.#end);
      this.#allocated = end;
    }
  }

  /** Counts a record whose changes are being made until the result is called. */
  applying(): () => void {
    this.#applying += 1;
    return () => {
      this.#applying -= 1;
      if (this.#applying === 0) this.#onApplied?.();
    };
  }

  /** Resolves when the changes of all its records are made. Nothing is added any more. */
  async applied(): Promise<void> {
    if (this.#applying === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onApplied = resolve;
    await promise;
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
