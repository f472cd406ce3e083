import { CatalogError } from "../errors.ts";
import { FileLines } from "./file-lines.ts";
import { MAX_DEPTH, skipBlanks, skipValue, TOO_DEEP } from "./json-walk.ts";
import { CHUNK, type SourceFile, type SourceHandle } from "./source-files.ts";

/** Largest document, in bytes. */
export const MAX_DOCUMENT_BYTES: number = 64 * 1024 * 1024;

const OPEN_BRACE = 0x7b;
const NEWLINE = 0x0a;

/** One JSON object in the scanner's window; valid only until the next one is asked for. */
export interface JsonSlice {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** Offset of the document in its file. */
  readonly offset: number;
  /** Cut at a brace in the first column: the members are one a line, what is deeper is indented deeper. */
  readonly pretty: boolean;
}

/** What follows in the stream. */
export type NextJson =
  | { readonly kind: "object"; readonly slice: JsonSlice }
  | { readonly kind: "end" }
  | { readonly kind: "other"; readonly offset: number }
  | { readonly kind: "unfinished"; readonly offset: number };

/**
 * Cuts concatenated JSON objects out of files without parsing them. Memory is one window that grows only to the largest
 * document; use one scanner for many files.
 *
 * Text as opm prints it is cut at the first `}` in the first column, which is exact there: line feeds do not occur inside
 * JSON strings. Everything else is cut by counting brackets.
 */
export class JsonScanner {
  #window: Buffer = Buffer.alloc(0);
  #file: SourceFile | undefined;
  #handle: SourceHandle | undefined;
  #base = 0;
  #filled = 0;
  #at = 0;
  #ended = false;

  /** Starts with a file that is open. Answers its first bytes, valid until {@link next} is asked. */
  open(file: SourceFile, handle: SourceHandle): Buffer {
    this.#file = file;
    this.#handle = handle;
    this.#base = 0;
    this.#filled = 0;
    this.#at = 0;
    this.#ended = false;
    this.#more(CHUNK);
    return this.#window.subarray(0, this.#filled);
  }

  /** Moves what begins at {@link #at} to the front and reads at least `wanted` more bytes. False at the end of the file. */
  #more(wanted: number): boolean {
    if (this.#ended || this.#file === undefined || this.#handle === undefined) return false;
    const keep = this.#filled - this.#at;
    const rest = this.#file.size - this.#base - this.#filled;
    const size = keep + Math.max(1, Math.min(rest, Math.max(wanted, CHUNK)));
    if (size > this.#window.length) {
      const bigger = Buffer.allocUnsafeSlow(size < 1 << 16 ? 1 << 16 : Math.max(size, CHUNK));
      this.#window.copy(bigger, 0, this.#at, this.#filled);
      this.#window = bigger;
    } else if (this.#at > 0) {
      this.#window.copyWithin(0, this.#at, this.#filled);
    }
    this.#base += this.#at;
    this.#at = 0;
    this.#filled = keep;
    const room = this.#window.subarray(keep);
    const read = this.#handle.read(room, this.#base + keep);
    this.#filled += read;
    this.#ended = this.#base + this.#filled >= this.#file.size;
    return read > 0;
  }

  /**
   * The next object of the stream.
   *
   * @throws CatalogError LIMIT_EXCEEDED for a document that is too large or too deep.
   */
  next(): NextJson {
    for (;;) {
      while (this.#at < this.#filled) {
        const byte = this.#window[this.#at] ?? 0;
        if (byte === OPEN_BRACE) return this.#pretty() ?? this.#counted();
        if (byte !== NEWLINE && byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return { kind: "other", offset: this.#base + this.#at };
        this.#at += 1;
      }
      if (!this.#more(CHUNK)) return { kind: "end" };
    }
  }

  /** The object up to the first brace in the first column, when another object or the end follows. */
  #pretty(): NextJson | undefined {
    let searched = 1;
    for (;;) {
      const start = this.#at;
      if (start + 1 < this.#filled && this.#window[start + 1] !== NEWLINE) return undefined;
      const brace = this.#window.subarray(0, this.#filled).indexOf("\n}", start + searched, "latin1");
      if (brace !== -1) {
        const after = skipBlanks(this.#window, brace + 2, this.#filled);
        if (after < this.#filled) return this.#window[after] === OPEN_BRACE ? this.#slice(brace + 2, true) : undefined;
        if (this.#ended) return this.#slice(brace + 2, true);
        searched = brace - start;
      } else {
        searched = Math.max(1, this.#filled - start - 1);
      }
      this.#checkSize();
      // Each step doubles the window: growing by a read at a time would copy a large document over and over.
      if (!this.#more(this.#filled - this.#at)) {
        if (!this.#ended || brace === -1) return undefined;
      }
    }
  }

  #counted(): NextJson {
    for (;;) {
      const end = skipValue(this.#window, this.#at, this.#filled);
      if (end === TOO_DEEP) throw this.#limit(`is nested deeper than ${MAX_DEPTH} levels`);
      if (end !== -1) return this.#slice(end, false);
      this.#checkSize();
      // What is there is counted again, so each step doubles it.
      if (!this.#more(this.#filled - this.#at)) {
        return { kind: "unfinished", offset: this.#base + this.#at };
      }
    }
  }

  #slice(end: number, pretty: boolean): NextJson {
    const start = this.#at;
    const slice: JsonSlice = { bytes: this.#window, start, end, offset: this.#base + start, pretty };
    if (end - start > MAX_DOCUMENT_BYTES) throw this.#limit(`is larger than ${MAX_DOCUMENT_BYTES} bytes`);
    this.#at = end;
    return { kind: "object", slice };
  }

  #checkSize(): void {
    if (this.#filled - this.#at > MAX_DOCUMENT_BYTES) throw this.#limit(`is larger than ${MAX_DOCUMENT_BYTES} bytes`);
  }

  #limit(what: string): CatalogError {
    const line = this.#file === undefined ? 1 : new FileLines(this.#file).at(this.#base + this.#at);
    const subject = `${this.#file?.path ?? ""}:${line}`;
    return new CatalogError({
      code: "LIMIT_EXCEEDED",
      message: `Cannot read ${subject}: the document ${what}`,
      subject,
      hint: "Have the publisher split the document, or exclude the file with .indexignore.",
    });
  }
}
