import type { SourceFile, SourceHandle } from "./source-files.ts";

/** Bytes of one read. */
export const CHUNK: number = 1 << 20;
/** Files that are being read while one is looked at: a catalog is many small files, and each costs three round trips. */
const FILES_AHEAD = 3;
/** Files below this get a buffer of their own size. */
const SMALL: number = 1 << 16;

/** Buffers of one chunk each, used again and again: a new one for each file would make the collector run. */
export class ChunkPool {
  readonly #free: Buffer[] = [];

  /** Room for `size` bytes, at most a chunk. */
  take(size: number): Buffer {
    return size <= SMALL ? Buffer.allocUnsafe(size) : (this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK));
  }

  give(chunk: Buffer): void {
    if (chunk.length === CHUNK && this.#free.length < FILES_AHEAD + 2) this.#free.push(chunk);
  }
}

interface Chunk {
  readonly buffer: Buffer;
  readonly length: number;
}

/** An open file whose first chunk is on its way already. Failures wait until they are asked for. */
export class AheadFile {
  readonly file: SourceFile;
  readonly pool: ChunkPool;
  readonly #handle: Promise<SourceHandle>;
  #first: Promise<Chunk> | undefined;

  constructor(file: SourceFile, pool: ChunkPool) {
    this.file = file;
    this.pool = pool;
    this.#handle = file.open();
    this.#handle.catch(() => undefined);
    this.#first = this.#read(0);
    this.#first.catch(() => undefined);
  }

  async #read(position: number): Promise<Chunk> {
    const handle = await this.#handle;
    const buffer = this.pool.take(this.file.size);
    return { buffer, length: await handle.read(buffer, position) };
  }

  /** The first chunk; it stays with the file until {@link close}. */
  async head(): Promise<Buffer> {
    const first = await (this.#first ?? this.#read(0));
    return first.buffer.subarray(0, first.length);
  }

  /** Copies what follows `position` into the window; answers how many bytes. Fewer than a chunk: the file ends. */
  async readInto(into: Buffer, position: number): Promise<number> {
    if (position === 0 && this.#first !== undefined) {
      const first = await this.#first;
      if (first.length <= into.length) {
        first.buffer.copy(into, 0, 0, first.length);
        return first.length;
      }
    }
    return (await this.#handle).read(into, position);
  }

  handle(): Promise<SourceHandle> {
    return this.#handle;
  }

  async close(): Promise<void> {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) {
      try {
        this.pool.give((await first).buffer);
      } catch {
        // Whoever read the file was told already.
      }
    }
    const handle = await this.#handle.catch(() => undefined);
    await handle?.close();
  }
}

/** The files in their order, the next ones being opened while one is looked at. Each is closed when the next is asked for. */
export async function* readAhead(files: readonly SourceFile[]): AsyncGenerator<AheadFile> {
  const pool = new ChunkPool();
  const waiting: AheadFile[] = [];
  let next = 0;
  try {
    for (;;) {
      while (waiting.length < FILES_AHEAD && next < files.length) {
        const file = files[next++];
        if (file !== undefined) waiting.push(new AheadFile(file, pool));
      }
      const file = waiting[0];
      if (file === undefined) return;
      yield file;
      waiting.shift();
      await file.close();
    }
  } finally {
    for (const file of waiting) await file.close();
  }
}
