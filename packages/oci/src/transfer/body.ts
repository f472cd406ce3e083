import type { OciError } from "../errors.ts";
import { type Expected, verified } from "../hash.ts";
import type { ByteSource, IoOptions } from "../store/types.ts";
import { isWorthRetrying, sided } from "./retry.ts";

export interface BodyOptions extends IoOptions {
  readonly offset: number;
  /** What the whole has to amount to; missing where the target checks that itself. */
  readonly expected?: Expected;
  readonly onBytes: (count: number) => void;
}

/**
 * A source's bytes from an offset, verified when they are the whole. Remembers how the source failed: the target may wrap
 * the error in its own.
 */
export class SourceBody implements AsyncIterable<Uint8Array> {
  readonly #source: ByteSource;
  readonly #options: BodyOptions;
  #chunksAhead: AsyncGenerator<Uint8Array> | undefined;
  #first: Promise<IteratorResult<Uint8Array>> | undefined;
  error: OciError | undefined;

  constructor(source: ByteSource, options: BodyOptions) {
    this.#source = source;
    this.#options = options;
  }

  get offset(): number {
    return this.#options.offset;
  }

  /** Asks the source now; what it answers first is kept until somebody iterates. */
  prefetch(): void {
    this.#chunksAhead ??= this.#read();
    this.#first ??= this.#chunksAhead.next();
    this.#first.catch(() => undefined);
  }

  /** Lets go of a source that was asked and is not needed. */
  async close(): Promise<void> {
    await this.#first?.catch(() => undefined);
    await this.#chunksAhead?.return(undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const chunks = this.#chunksAhead ?? this.#read();
    const first = await this.#first;
    if (first?.done === true) return;
    if (first !== undefined) yield first.value;
    yield* chunks;
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    const { offset, expected } = this.#options;
    try {
      // A part cannot be verified here: the store that kept the beginning checks the whole when it commits.
      yield* offset === 0 && expected !== undefined ? verified(this.#chunks(), expected) : this.#chunks();
    } catch (error) {
      this.error = sided(error, "source");
      throw this.error;
    }
  }

  /**
   * To the end. A stream that breaks after some bytes is opened again where it broke, so that the target sees one body; one
   * that breaks without a byte is the caller's to retry.
   */
  async *#chunks(): AsyncGenerator<Uint8Array> {
    let position = this.#options.offset;
    for (;;) {
      const opened = position;
      try {
        for await (const chunk of this.#source.open(position, this.#options)) {
          position += chunk.byteLength;
          this.#options.onBytes(chunk.byteLength);
          yield chunk;
        }
        return;
      } catch (error) {
        const failure = sided(error, "source");
        if (position === opened || !isWorthRetrying(failure) || this.#options.signal?.aborted) throw failure;
      }
    }
  }
}
