import type { IndexedDocument } from "./document-index.ts";
import { readBody } from "./read-body.ts";
import { CHUNK, type SourceHandle } from "./source-files.ts";
import type { Spool } from "./spool.ts";
import { Turns } from "./turns.ts";

/** Reads bodies of documents; those that lie one behind another come out of one read. Close it in the end. */
export class BodyReader {
  readonly #spool: Spool;
  readonly #turns = new Turns();
  #source: IndexedDocument["source"];
  #handle: SourceHandle | undefined;
  #window: Buffer = Buffer.alloc(0);
  #offset = 0;
  #filled = 0;

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /**
   * The parsed body.
   *
   * @throws CatalogError DOCUMENT_INVALID when the text is not what the index says.
   */
  async read(document: IndexedDocument): Promise<Record<string, unknown>> {
    await this.#turns.spent(document.length);
    return readBody(document, this.#bytes(document));
  }

  #bytes(document: IndexedDocument): Buffer {
    const handle = this.#open(document);
    const { offset, length } = document;
    if (offset < this.#offset || offset + length > this.#offset + this.#filled) {
      const room = Math.min(Math.max(length, CHUNK), Math.max(length, (document.source?.size ?? this.#spool.size) - offset));
      if (room > this.#window.length) this.#window = Buffer.allocUnsafeSlow(room);
      this.#filled = handle.read(this.#window, offset);
      this.#offset = offset;
    }
    const start = offset - this.#offset;
    return this.#window.subarray(start, Math.min(start + length, this.#filled));
  }

  #open(document: IndexedDocument): SourceHandle {
    if (this.#handle !== undefined && this.#source === document.source) return this.#handle;
    this.close();
    this.#handle = document.source === undefined ? this.#spool : document.source.open();
    this.#source = document.source;
    return this.#handle;
  }

  close(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#filled = 0;
    if (handle !== this.#spool) handle?.close();
  }
}
