import type { IndexedDocument } from "./document-index.ts";
import { readBody } from "./read-body.ts";
import type { SourceHandle, Spool } from "./source-files.ts";

const WINDOW = 1 << 20;

/** Reads bodies of documents; those that lie one behind another come out of one read. Close it in the end. */
export class BodyReader {
  readonly #spool: Spool | undefined;
  #source: IndexedDocument["source"];
  #handle: SourceHandle | undefined;
  #window: Buffer = Buffer.allocUnsafeSlow(WINDOW);
  #offset = 0;
  #filled = 0;

  constructor(spool: Spool | undefined) {
    this.#spool = spool;
  }

  /**
   * The parsed body.
   *
   * @throws CatalogError DOCUMENT_INVALID when the text is not what the index says.
   */
  async read(document: IndexedDocument): Promise<Record<string, unknown>> {
    return readBody(document, await this.#bytes(document));
  }

  async #bytes(document: IndexedDocument): Promise<Buffer> {
    const handle = await this.#open(document);
    const { offset, length } = document;
    if (offset < this.#offset || offset + length > this.#offset + this.#filled) {
      if (length > this.#window.length) this.#window = Buffer.allocUnsafeSlow(length * 2);
      this.#filled = await handle.read(this.#window, offset);
      this.#offset = offset;
    }
    const start = offset - this.#offset;
    return this.#window.subarray(start, Math.min(start + length, this.#filled));
  }

  async #open(document: IndexedDocument): Promise<SourceHandle> {
    if (this.#handle !== undefined && this.#source === document.source) return this.#handle;
    await this.close();
    if (document.source === undefined) {
      if (this.#spool === undefined) throw new TypeError("converted documents without a spool");
      this.#handle = this.#spool;
    } else {
      this.#handle = await document.source.open();
    }
    this.#source = document.source;
    return this.#handle;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#filled = 0;
    if (handle !== this.#spool) await handle?.close();
  }
}
