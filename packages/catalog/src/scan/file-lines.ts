import { countLines } from "./json-walk.ts";
import type { SourceFile, SourceHandle } from "./source-files.ts";

const STEP = 1 << 18;

/**
 * Tells on which line something stands. Lines are counted when somebody asks, by reading the file again: only what is
 * wrong has to be found by a person, and counting takes a fifth of the time of a scan.
 */
export class FileLines {
  readonly #file: SourceFile;
  #offset = 0;
  #line = 1;

  constructor(file: SourceFile) {
    this.#file = file;
  }

  /** The line of the byte at an offset, from 1; of the last byte that is there when the file has become shorter. */
  at(offset: number): number {
    if (offset < this.#offset) {
      this.#offset = 0;
      this.#line = 1;
    }
    if (offset > this.#offset) this.#count(offset);
    return this.#line;
  }

  #count(offset: number): void {
    let handle: SourceHandle | undefined;
    try {
      handle = this.#file.open();
      const bytes = Buffer.allocUnsafeSlow(Math.min(STEP, offset - this.#offset));
      while (this.#offset < offset) {
        const read = handle.read(bytes.subarray(0, offset - this.#offset), this.#offset);
        if (read === 0) return;
        this.#line += countLines(bytes, 0, read);
        this.#offset += read;
      }
    } catch {
      // The file has gone since, or cannot be read: the line is part of a message on something else.
    } finally {
      handle?.close();
    }
  }
}
