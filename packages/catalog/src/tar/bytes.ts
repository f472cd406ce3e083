/** Pulls exact lengths out of a stream of chunks. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next `length` bytes, or fewer at the end of the stream. */
  async take(length: number): Promise<Uint8Array> {
    if (this.#rest.byteLength >= length) return this.#cut(length);
    const parts: Uint8Array[] = [];
    let missing = length;
    for await (const part of this.stream(length)) {
      parts.push(part);
      missing -= part.byteLength;
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, length - missing);
  }

  /** Up to `length` bytes in chunks as they come; ends early at the end of the stream. */
  async *stream(length: number): AsyncGenerator<Uint8Array> {
    let missing = length;
    while (missing > 0) {
      if (this.#rest.byteLength === 0 && !(await this.#fill())) return;
      const part = this.#cut(Math.min(missing, this.#rest.byteLength));
      missing -= part.byteLength;
      yield part;
    }
  }

  /** Reads and forgets what is left, so that a check at the end of the stream takes place. */
  async drain(): Promise<void> {
    this.#rest = new Uint8Array(0);
    while (await this.#fill()) this.#rest = new Uint8Array(0);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #cut(length: number): Uint8Array {
    const part = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return part;
  }

  async #fill(): Promise<boolean> {
    while (this.#rest.byteLength === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#rest = next.value;
    }
    return true;
  }
}
