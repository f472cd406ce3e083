import type { FileHandle } from "node:fs/promises";

/** Bytes gathered before one `writev`: larger batches gain nothing, smaller ones cost a trip through the thread pool each. */
const BATCH_BYTES = 1024 * 1024;

/** Appends chunks to an open file in batches of about 1 MiB. Chunks are kept by reference until written. */
export class BatchedFile {
  readonly #file: FileHandle;
  #position: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(file: FileHandle, position = 0) {
    this.#file = file;
    this.#position = position;
  }

  /** Bytes taken so far, written or pending. */
  get size(): number {
    return this.#position + this.#pendingBytes;
  }

  /** Takes a chunk; the promise is undefined when there was no need to wait. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.byteLength;
    return this.#pendingBytes >= BATCH_BYTES ? this.flush() : undefined;
  }

  /** Writes what is pending. A batch that fails stays pending. */
  async flush(): Promise<void> {
    while (this.#pending.length > 0) {
      const { bytesWritten } = await this.#file.writev(this.#pending, this.#position);
      this.#position += bytesWritten;
      this.#pendingBytes -= bytesWritten;
      this.#pending = rest(this.#pending, bytesWritten);
    }
  }
}

/** What remains of chunks after `written` bytes: `writev` may write less than it was given. */
function rest(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  let left = written;
  for (const [index, chunk] of chunks.entries()) {
    if (left < chunk.byteLength) return [chunk.subarray(left), ...chunks.slice(index + 1)];
    left -= chunk.byteLength;
  }
  return [];
}
