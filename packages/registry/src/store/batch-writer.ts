import type { OpenFile } from "./files.ts";

/** Bytes that are gathered before they are written. */
const BATCH_BYTES = 1024 * 1024;

/** Gathers small chunks into large writes, and keeps one write under way while the next batch fills. */
export class BatchWriter {
  readonly #file: OpenFile;
  /** Called with the position up to which everything is written. */
  readonly #written: (position: number) => void;
  #batch: Uint8Array[] = [];
  #batched = 0;
  #position: number;
  #writing: Promise<void> | undefined;

  constructor(file: OpenFile, position: number, written: (position: number) => void) {
    this.#file = file;
    this.#position = position;
    this.#written = written;
  }

  /** Takes a chunk; a promise only when the caller has to wait for the disk. */
  add(chunk: Uint8Array): Promise<void> | undefined {
    this.#batch.push(chunk);
    this.#batched += chunk.byteLength;
    return this.#batched < BATCH_BYTES ? undefined : this.#flush();
  }

  /** Starts the write of what is gathered, once the one before has ended. */
  async #flush(): Promise<void> {
    await this.#writing;
    const [batch, at] = [this.#batch, this.#position];
    const end = at + this.#batched;
    this.#batch = [];
    this.#batched = 0;
    this.#position = end;
    this.#writing = this.#file.write(batch, at).then(() => this.#written(end));
    // The failure is seen by whoever waits for the write next.
    this.#writing.catch(() => undefined);
  }

  /** Writes what is left and waits for it. */
  async end(): Promise<void> {
    if (this.#batched > 0) await this.#flush();
    await this.#writing;
  }
}
